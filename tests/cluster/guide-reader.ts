import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endOfShown, type GuideStep, matchesOutput } from './guide-page.ts'

const repository = new URL('../..', import.meta.url).pathname

/** Somebody who does what a page says, at a shell that remembers where it is. */
export type Reader = {
  readonly folder: string
  follow(step: GuideStep): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Two things are not as on the page: the clone is the repository that this test is in, with nothing
 * written beside it, and the port is a free one.
 */
export async function startReader(page: string): Promise<Reader> {
  const home = await mkdtemp(join(tmpdir(), 'banyan-guide-'))
  await chmod(home, 0o755)
  const packages = join(home, 'banyan-packages')
  await mkdir(join(home, 'clone'))
  const port = String(await freePort())
  let folder = join(home, 'clone')
  let other: Terminal | null = null
  const localise = (command: string): string =>
    command.replaceAll('8080', port).replace(/banyan (up|dev)\b/, `banyan $1 --port ${port}`)
  const shell = async (command: string): Promise<string> => {
    if (command.startsWith('npm run pack')) return await packInto(packages, localise(command))
    const { output, folder: now } = await runShell(localise(command), folder)
    folder = now
    return output.replaceAll(port, '8080')
  }
  return {
    get folder() {
      return folder
    },
    follow: async (step) => {
      const where = `${page}:${step.line}`
      if (step.kind === 'file') return writeBelow(folder, step)
      if (step.kind === 'background') other = openTerminal(localise(step.command), folder)
      if (step.kind !== 'commands') {
        const shown = step.output?.replaceAll('8080', port) ?? ''
        await other?.untilShown(shown, where)
        return
      }
      let output = ''
      for (const command of step.commands) output += endLine(await shell(command))
      if (step.output === null) return
      assert.ok(matchesOutput(output, step.output), `${where} printed:\n${output}`)
    },
    [Symbol.asyncDispose]: async () => {
      await other?.close()
      await runShell('npx banyan down --destroy --yes', folder).catch(() => {})
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Runs the page's own command, once for all pages: what the next one wants is the same again. */
async function packInto(packages: string, command: string): Promise<string> {
  packed ??= await packAside(command)
  await cp(packed.folder, packages, { recursive: true })
  return packed.output.replaceAll(packed.folder, packages)
}

type Packed = { readonly folder: string; readonly output: string }
let packed: Packed | null = null

async function packAside(command: string): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-packed-'))
  const local = command.replaceAll('../banyan-packages', folder)
  return { folder, output: (await runShell(local, repository)).output }
}

/** Deletes what was packed for the pages. */
export async function forgetPacked(): Promise<void> {
  if (packed !== null) await rm(packed.folder, { recursive: true, force: true })
  packed = null
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
  const env = readerEnvironment()
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

/** What somebody has at a shell, without what the runner of the tests put there. */
function readerEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, PORT: _port, ...inherited } = process.env
  return {
    ...inherited,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    // What the repository was installed from is in the cache; this test is not about the network.
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
}

/** A second terminal, in which one command goes on running. */
type Terminal = {
  /** Resolves when what is shown has been printed, after what was shown before. */
  untilShown(shown: string, where: string): Promise<void>
  close(): Promise<void>
}

const shownWithinMs = 90_000

function openTerminal(command: string, cwd: string): Terminal {
  const child = spawn(command, {
    cwd,
    shell: true,
    detached: true,
    env: readerEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  let output = ''
  const add = (chunk: Buffer): void => {
    output += chunk
  }
  child.stdout.on('data', add)
  child.stderr.on('data', add)
  const untilShown = async (shown: string, where: string): Promise<void> => {
    const deadline = performance.now() + shownWithinMs
    for (;;) {
      const end = endOfShown(output, shown)
      if (end !== null) {
        output = output.slice(end)
        return
      }
      const gone = child.exitCode !== null || child.signalCode !== null
      if (gone || performance.now() > deadline)
        assert.fail(`${where} is not shown by ${command}${gone ? ', which ended' : ''}:\n${output}`)
      await sleep(50)
    }
  }
  const close = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null) signalGroup(child.pid)
    await ended
  }
  return { untilShown, close }
}

/** As Ctrl-C does it, which reaches everything in the terminal. */
function signalGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGINT')
  } catch {
    // It has just ended by itself.
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address === 'object' && address !== null) return address.port
  throw new Error('There is no free port.')
}
