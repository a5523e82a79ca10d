import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { killBoth } from './support/held.ts'

const repository = new URL('../..', import.meta.url).pathname
const program = join(repository, 'packages/cli/bin/banyan.mjs')

const config = `import { defineSystem } from 'banyan'
export default defineSystem({
  name: 'notes',
  services: { web: { run: 'node web.ts', routes: ['/'] } },
  data: { migrations: './migrations', tables: { notes: { by: 'user_id', unique: ['slug'] } } },
})
`

const migration = `create table notes (user_id text not null, slug text not null, primary key (user_id, slug));\n`

/** Every request names the scope, and the key that it really uses. */
const web = `import { data, serve } from 'banyan'
import { Pool } from 'banyan/pg'
const pool = new Pool()
await serve(async (request: Request) => {
  const url = new URL(request.url)
  const scope = url.searchParams.get('scope')
  const key = url.searchParams.get('key')
  if (scope === null) {
    const { rows } = await pool.query('select user_id, current_user::text as who from notes order by 1')
    return Response.json(rows)
  }
  if (request.method === 'POST') await data.of(scope).write\`insert into notes values (\${key}, \${key})\`
  return Response.json(await data.of(scope).read\`select slug from notes where user_id = \${key}\`)
})
`

const catalogSql = `select (select count(*) from pg_policy) || ' ' ||
  (select count(*) from pg_class where relrowsecurity) || ' ' ||
  (select count(*) from pg_roles where rolname = 'banyan_wide') as traces`

describe('a system in narrow mode', () => {
  let folder: string
  let app: string
  let port: number
  let running: ChildProcess | null = null

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'banyan-narrow-'))
    await chmod(folder, 0o755)
    app = join(folder, 'app')
    await mkdir(join(app, 'migrations'), { recursive: true })
    await writeFile(join(app, 'package.json'), '{ "type": "module" }\n')
    await writeFile(join(app, 'banyan.config.ts'), config)
    await writeFile(join(app, 'migrations', '0001_notes.sql'), migration)
    await writeFile(join(app, 'web.ts'), web)
    await symlink(join(repository, 'node_modules'), join(app, 'node_modules'))
    await writeFile(join(app, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}')
    port = await freePort()
  })
  after(async () => {
    await stop().catch(() => {})
    await run('down', '--destroy', '--yes').catch(() => {})
    await rm(folder, { recursive: true, force: true })
  })

  const words = () => ['--config', join(app, 'banyan.config.ts'), '--dir', join(folder, 'state')]

  /** Runs a command in the foreground until it says that the system is up. */
  async function start(...command: string[]): Promise<void> {
    const args = [program, ...command, '--port', String(port), '--json', ...words()]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    running = child
    const lines = createInterface({ input: child.stdout })
    const said: string[] = []
    for await (const line of lines) {
      said.push(line)
      if (JSON.parse(line).type === 'ready') {
        child.stdout.resume()
        return
      }
    }
    assert.fail(`${command.join(' ')} did not come up:\n${said.join('\n')}`)
  }

  async function stop(): Promise<void> {
    const child = running
    running = null
    if (child === null || child.exitCode !== null) return
    child.kill('SIGINT')
    await once(child, 'exit')
  }

  async function run(...command: string[]): Promise<string> {
    const child = spawn(process.execPath, [program, ...command, ...words()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    const [code] = await once(child, 'close')
    assert.equal(code, 0, out)
    return out
  }

  const ask = async (query: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}/${query}`, { method })
    return { status: response.status, body: (await response.json()) as unknown }
  }

  const traces = async () => {
    const answer = await run('sql', '--json', catalogSql)
    return JSON.stringify(JSON.parse(answer.trim().split('\n').at(-1) ?? ''))
  }

  it('`dev` finds a wrong key, says so in the answer, and leaves Pool above it', async () => {
    await start('dev')
    assert.deepEqual((await ask('?scope=ann&key=ann', 'POST')).body, [{ slug: 'ann' }])
    assert.deepEqual((await ask('?scope=bob&key=bob', 'POST')).body, [{ slug: 'bob' }])
    const wrong = await ask('?scope=ann&key=bob')
    assert.equal(wrong.status, 500)
    const { error } = wrong.body as { error: { code: string; message: string } }
    assert.equal(error.code, 'BANYAN_WRONG_KEY')
    assert.match(error.message, /the key "ann" .*\(notes\): select slug from notes/)
    assert.equal((await ask('?scope=ann&key=cy', 'POST')).status, 500)
    assert.deepEqual((await ask('')).body, [
      { user_id: 'ann', who: 'banyan_wide' },
      { user_id: 'bob', who: 'banyan_wide' },
    ])
    const file = JSON.parse(
      await readFile(join(folder, 'state', 'nodes', 'web-1', 'system.json'), 'utf8'),
    )
    assert.equal(file.narrow, true)
  })

  it('`up` after it lets the same statements through, and nothing of narrow mode is left', async () => {
    assert.match(await traces(), /2 1 1/)
    await stop()
    await start('up')
    assert.deepEqual((await ask('?scope=ann&key=bob')).body, [{ slug: 'bob' }])
    assert.deepEqual((await ask('')).body, [
      { user_id: 'ann', who: 'banyan_app' },
      { user_id: 'bob', who: 'banyan_app' },
    ])
    assert.match(await traces(), /0 0 0/)
    await stop()
  })

  it('a web process that an ended `dev` left behind is replaced by one that is not narrow', async () => {
    await start('dev')
    running?.kill('SIGKILL')
    await killBoth({ state: join(folder, 'state') })
    running = null
    await start('up')
    assert.deepEqual((await ask('?scope=ann&key=bob')).body, [{ slug: 'bob' }])
    assert.match(await traces(), /0 0 0/)
    await stop()
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
