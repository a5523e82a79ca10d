import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { type GuideStep, matchesOutput, readGuide } from './guide-page.ts'

const repository = new URL('../..', import.meta.url).pathname
const page = join(repository, 'docs/guide/tutorial.md')

test('a page is read as files, commands and outputs, and nothing of it is passed over', () => {
  const text = [
    '```ts title=src/a.ts',
    'x',
    '```',
    '```sh',
    'one',
    'two',
    '```',
    '```text',
    'out …',
    '```',
  ]
  assert.deepEqual(readGuide(text.join('\n')), [
    { kind: 'file', line: 1, path: 'src/a.ts', text: 'x\n' },
    { kind: 'commands', line: 4, commands: ['one', 'two'], output: 'out …\n' },
  ])
  assert.throws(() => readGuide('```ts\nx\n```'), /line 1: a block of ts that no test can try/)
  assert.throws(() => readGuide('```text\nx\n```'), /line 1/)
  assert.throws(() => readGuide('```sh\nx'), /not closed/)
})

test('an output is compared whole, but for what the page leaves open', () => {
  assert.ok(matchesOutput('{"id":"7"}\n', '{"id":"…"}'))
  assert.ok(matchesOutput('a\nb\nc', '…b…'))
  assert.ok(!matchesOutput('{"id":"7"} more', '{"id":"…"}'))
  assert.ok(!matchesOutput('ac', 'a.c'))
})

test('the tutorial does what it says, from an empty folder to the end', async () => {
  const steps = readGuide(await readFile(page, 'utf8'))
  assert.ok(steps.length > 10, 'the page has become suspiciously short')
  await using reader = await startReader()
  for (const step of steps) await reader.follow(step)
  assert.match(reader.folder, /notes$/, 'the page made its folder and went there')
})

/** Somebody who does what the page says, at a shell that remembers where it is. */
type Reader = {
  readonly folder: string
  follow(step: GuideStep): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Two things are not as on the page: the clone is the repository that this test is in, with nothing
 * written beside it, and the port is a free one.
 */
async function startReader(): Promise<Reader> {
  const home = await mkdtemp(join(tmpdir(), 'banyan-guide-'))
  await chmod(home, 0o755)
  const packages = join(home, 'banyan-packages')
  await mkdir(join(home, 'clone'))
  const port = String(await freePort())
  let folder = join(home, 'clone')
  const shell = async (command: string): Promise<string> => {
    const isPack = command.startsWith('npm run pack')
    const local = (isPack ? command.replaceAll('../banyan-packages', packages) : command)
      .replaceAll('8080', port)
      .replace(/banyan up\b/, `banyan up --port ${port}`)
    const { output, folder: now } = await runShell(local, isPack ? repository : folder)
    if (!isPack) folder = now
    return output.replaceAll(port, '8080')
  }
  return {
    get folder() {
      return folder
    },
    follow: async (step) => {
      if (step.kind === 'file') return writeBelow(folder, step)
      let output = ''
      for (const command of step.commands) output += endLine(await shell(command))
      if (step.output === null) return
      const where = `docs/guide/tutorial.md:${step.line}`
      assert.ok(matchesOutput(output, step.output), `${where} printed:\n${output}`)
    },
    [Symbol.asyncDispose]: async () => {
      await runShell('npx banyan down --destroy --yes', folder).catch(() => {})
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function writeBelow(folder: string, step: GuideStep & { kind: 'file' }): Promise<void> {
  const path = join(folder, step.path)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, step.text)
}

const endLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

/** Runs a line as a shell would, and says where it went. */
async function runShell(command: string, cwd: string): Promise<{ output: string; folder: string }> {
  const marker = '\u0001'
  const { NODE_TEST_CONTEXT: _context, PORT: _port, ...inherited } = process.env
  const env = {
    ...inherited,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    // What the repository was installed from is in the cache; this test is not about the network.
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
  const script = `${command}\ncode=$?\nprintf '${marker}'\npwd\nexit $code`
  const { stdout, stderr, error } = await new Promise<{
    stdout: string
    stderr: string
    error: Error | null
  }>((resolve) => {
    execFile('sh', ['-c', script], { cwd, env, timeout: 180_000 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, error }),
    )
  })
  const [output = '', folder = cwd] = stdout.split(marker)
  if (error !== null) throw new Error(`${command}\n${output}${stderr}`)
  return { output, folder: folder.trim() }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address === 'object' && address !== null) return address.port
  throw new Error('There is no free port.')
}
