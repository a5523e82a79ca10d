import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  adoptedFiles,
  ask,
  type ForeignServer,
  fingerprintOf,
  password,
  startForeign,
  urlFor,
} from './support/adopted.ts'
import { freePort, makeApp } from './support/banyan.ts'

/* The PostgreSQL of the distribution, which is older than the embedded one, and can be copied by its own tools. */

let foreign: ForeignServer
before(async () => {
  foreign = await startForeign({ binaries: 'distribution' })
})
after(() => foreign?.postgres.stop())

test("a database of the distribution's older PostgreSQL is adopted, and nothing is written to it", async () => {
  const app = await makeApp(adoptedFiles(foreign.url))
  try {
    const first = await fingerprintOf(foreign)
    const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, stderr)
    assert.equal(await (await fetch(`${app.url}/orders`)).text(), '[{"n":10}]')
    assert.equal(
      await (await fetch(`${app.url}/by-email`)).text(),
      '{"key":"7","rows":[{"name":"U7"}]}',
    )
    await app.banyan('status')
    await app.banyan('down', '--destroy', '--yes')
    assert.deepEqual(await fingerprintOf(foreign), first)
  } finally {
    await app.remove()
  }
})

test('a standby is refused with the place of its primary, and one that was promoted is adopted', async () => {
  const standby = await startStandby(foreign)
  const app = await makeApp(adoptedFiles(urlFor(standby, 'ann', password, 'shop')))
  try {
    const { error } = (await app.json('up', '--detach')) as { error: Record<string, string> }
    assert.equal(error.code, 'BANYAN_ADOPTED_READ_ONLY')
    assert.match(String(error.message), /is a standby, which takes no writes/)
    await assert.rejects(access(app.state), { code: 'ENOENT' })

    await app.write('.env', `DATABASE_URL='${standby.adminUrl}'\n`)
    const asAdmin = (await app.json('up', '--detach')) as { error: Record<string, string> }
    const { host, port } = foreign.postgres
    assert.ok(asAdmin.error.message?.includes(`is a standby of ${host}:${port}`))
    assert.ok(asAdmin.error.hint?.includes(`${host}:${port}`))

    await ask(standby.adminUrl, 'select pg_promote(true, 30)')
    await app.write('.env', `DATABASE_URL='${urlFor(standby, 'ann', password, 'shop')}'\n`)
    const { code, stderr } = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(code, 0, stderr)
  } finally {
    await app.remove()
    await standby.stop()
  }
})

type Standby = { host: string; port: number; adminUrl: string; stop(): Promise<void> }

/** A copy of a running server that follows it, made by its own tools. */
async function startStandby({ postgres, adminUrl }: ForeignServer): Promise<Standby> {
  const [row] = await ask(adminUrl, 'show data_directory')
  const { uid, gid } = await stat(String(row?.data_directory))
  const identity = process.getuid?.() === 0 ? { uid, gid } : {}
  const directory = await mkdtemp(join(tmpdir(), 'banyan-standby-'))
  await chmod(directory, 0o777)
  const data = join(directory, 'data')
  const { host } = postgres
  const port = await freePort()
  const source = new URL(adminUrl)
  const env = { ...process.env, PGPASSWORD: source.password }
  await promisify(execFile)(
    'pg_basebackup',
    [
      '-h',
      host,
      '-p',
      String(postgres.port),
      '-U',
      source.username,
      '-D',
      data,
      '-R',
      '-c',
      'fast',
    ],
    { ...identity, env, cwd: directory },
  )
  const child = spawn(
    `${await binDirectory()}/postgres`,
    ['-D', data, '-c', `port=${port}`, '-c', `unix_socket_directories=${directory}`],
    { ...identity, cwd: directory, stdio: 'ignore' },
  )
  const url = new URL(adminUrl)
  url.port = String(port)
  const standby = { host, port, adminUrl: url.href, stop: () => stopServer(child, directory) }
  try {
    await untilStreaming(standby.adminUrl)
    return standby
  } catch (error) {
    await standby.stop()
    throw error
  }
}

async function binDirectory(): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1',
  ])
  return stdout.trim()
}

async function untilStreaming(url: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
    const rows = await ask(url, 'select 1 from pg_stat_wal_receiver').catch(() => [])
    if (rows.length > 0) return
  }
  throw new Error('The standby does not follow.')
}

async function stopServer(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGQUIT')
    await once(child, 'exit')
  }
  await rm(directory, { recursive: true, force: true })
}
