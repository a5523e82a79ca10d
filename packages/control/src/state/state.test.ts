import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspectStateDirectory, makeStateDirectory } from './directory.ts'
import { writeJson } from './files.ts'
import { takeLock } from './lock.ts'
import { statePaths } from './paths.ts'
import { ensureSecrets } from './secrets.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-state-'))
})
after(async () => await rm(folder, { recursive: true }))

test('a state directory is made once, and git ignores all of it', async () => {
  const paths = statePaths(join(folder, 'made'))
  assert.equal(await inspectStateDirectory(paths), null)
  await makeStateDirectory(paths, 'notes')
  const marker = await inspectStateDirectory(paths)
  assert.equal(marker?.system, 'notes')
  await makeStateDirectory(paths, 'notes')
  assert.deepEqual(await inspectStateDirectory(paths), marker)
  assert.equal(await readFile(paths.ignore, 'utf8'), '*\n')
})

test('secrets are generated once and only their owner can read them', async () => {
  const paths = statePaths(join(folder, 'secret'))
  await makeStateDirectory(paths, 'notes')
  const secrets = await ensureSecrets(paths)
  assert.deepEqual(await ensureSecrets(paths), secrets)
  const all = Object.values(secrets)
  assert.equal(all.length, 11)
  assert.equal(new Set(all).size, all.length)
  assert.equal((await stat(paths.secrets)).mode & 0o777, 0o600)
})

test('a state directory of an earlier version keeps its secrets and gains those that it lacks', async () => {
  const paths = statePaths(join(folder, 'older'))
  await makeStateDirectory(paths, 'notes')
  const older = { adminPassword: 'a', ownerPassword: 'b', appPassword: 'c' }
  await writeJson(paths.secrets, older)
  const { adminPassword, ownerPassword, appPassword, ...made } = await ensureSecrets(paths)
  assert.deepEqual({ adminPassword, ownerPassword, appPassword }, older)
  for (const secret of Object.values(made)) assert.ok(secret.length >= 32)
  assert.equal((await stat(paths.secrets)).mode & 0o777, 0o600)
})

test('a file is replaced whole, and nothing else is left beside it', async () => {
  const path = join(folder, 'file.json')
  await Promise.all(Array.from({ length: 20 }, (_, n) => writeJson(path, { n })))
  assert.ok(JSON.parse(await readFile(path, 'utf8')).n >= 0)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('file.json.')),
    [],
  )
})

test('only one process holds the lock, and it is free as soon as its holder is killed', async () => {
  const path = join(folder, 'lock')
  const code = `import { takeLock } from ${JSON.stringify(fileURLToPath(new URL('./lock.ts', import.meta.url)))}
    console.log(takeLock(${JSON.stringify(path)}) !== null)
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [said] = await once(holder.stdout, 'data')
    assert.equal(String(said).trim(), 'true')
    assert.equal(takeLock(path), null)
  } finally {
    holder.kill('SIGKILL')
    await once(holder, 'exit')
  }
  const lock = takeLock(path)
  assert.ok(lock)
  lock.release()
})
