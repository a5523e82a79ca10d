import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { differenceFrom } from './difference.ts'
import { pruneSnapshots } from './prune.ts'
import { readSnapshot } from './read.ts'
import { installed, makeTestApp, plainApp, type TestApp, writeFiles } from './test-apps.ts'
import type { Snapshot } from './types.ts'

let app: TestApp
const before = process.env.BANYAN_MODULES_CACHE
beforeEach(async () => {
  delete process.env.BANYAN_MODULES_CACHE
  app = await makeTestApp(plainApp)
})
afterEach(async () => {
  if (before !== undefined) process.env.BANYAN_MODULES_CACHE = before
  await app.remove()
})

const inApp = (snapshot: Snapshot, path: string) => join(snapshot.folder, 'app', path)
const stores = async () => await readdir(join(app.paths.directory, 'modules'))
/** What a program in the snapshot gets from `require`. */
const required = (snapshot: Snapshot, name: string, below = '.') =>
  execFileSync(process.execPath, ['-p', `require(${JSON.stringify(name)})`], {
    cwd: inApp(snapshot, below),
    encoding: 'utf8',
  }).trim()

test('two releases with the same modules share one store, and an upgrade makes another', async () => {
  await app.write(installed({ a: '1.0.0', '@shop/b': '1.0.0' }))
  const first = await app.take()
  await app.write({ 'web.mjs': 'second' })
  const second = await app.take()
  assert.equal(second.modules, first.modules)
  assert.deepEqual(await stores(), [first.modules])
  await app.write(installed({ a: '2.0.0', '@shop/b': '1.0.0' }))
  assert.deepEqual((await differenceFrom(second, app.system())).changed, [
    'package-lock.json',
    'package.json',
    'node_modules',
  ])
  const third = await app.take()
  assert.deepEqual([required(second, 'a'), required(third, 'a')], ['a 1.0.0', 'a 2.0.0'])
  assert.equal(required(third, '@shop/b'), '@shop/b 1.0.0')
})

test('what is done to the node_modules of the app does not reach a snapshot', async () => {
  await app.write(installed({ a: '1.0.0' }))
  const snapshot = await app.take()
  await app.write({ 'node_modules/a/index.js': "module.exports = 'patched by hand'" })
  await rm(join(app.folder, 'node_modules'), { recursive: true })
  assert.equal(required(snapshot, 'a'), 'a 1.0.0')
})

test('a package that is patched, with the same size, makes another store', async () => {
  await app.write(installed({ a: '1.0.0' }))
  const first = await app.take()
  await app.write({ 'node_modules/a/index.js': "module.exports = 'a 1.0.X'" })
  const second = await app.take()
  assert.notEqual(second.modules, first.modules)
  assert.deepEqual([required(first, 'a'), required(second, 'a')], ['a 1.0.0', 'a 1.0.X'])
})

test('the files of a store may not be written to', async () => {
  await app.write(installed({ a: '1.0.0' }))
  const snapshot = await app.take()
  assert.equal((await stat(inApp(snapshot, 'node_modules/a/index.js'))).mode & 0o222, 0)
})

test('tools keep their caches in the snapshot, and the one of the app is left where it is', async () => {
  await app.write({ ...installed({ a: '1.0.0' }), 'node_modules/.cache/x': 'x' })
  const snapshot = await app.take()
  await mkdir(inApp(snapshot, 'node_modules/.cache'))
  await writeFile(inApp(snapshot, 'node_modules/.cache/y'), 'y')
  assert.deepEqual(
    await readdir(join(app.paths.directory, 'modules', snapshot.modules ?? '', 'node_modules')),
    ['.package-lock.json', 'a'],
  )
})

test('a workspace is found in the snapshot, and so is what it has installed itself', async () => {
  await app.write({
    ...installed({ a: '1.0.0' }),
    'packages/lib/package.json': '{"name":"lib","main":"lib.js"}',
    'packages/lib/lib.js': "module.exports = 'lib with ' + require('a') + ' and ' + require('b')",
    'packages/lib/node_modules/b/index.js': "module.exports = 'its b, beside ' + require('a')",
    'node_modules/lib': '→ ../packages/lib',
    'node_modules/@shop/whole': `→ ${join(app.folder, 'packages/lib')}`,
  })
  const snapshot = await app.take()
  await app.write({ 'packages/lib/lib.js': "module.exports = 'changed since'" })
  const expected = 'lib with a 1.0.0 and its b, beside a 1.0.0'
  assert.deepEqual(
    [required(snapshot, 'lib'), required(snapshot, '@shop/whole')],
    [expected, expected],
  )
  assert.equal(await readlink(inApp(snapshot, 'node_modules/@shop/whole')), '../../packages/lib')
})

test('the layout of pnpm works: packages as links into a folder of all', async () => {
  const all = 'node_modules/.pnpm'
  await app.write({
    'pnpm-lock.yaml': 'lockfileVersion: 9',
    'package.json': '{"dependencies":{"a":"1"}}',
    [`${all}/lock.yaml`]: 'lockfileVersion: 9',
    [`${all}/a@1.0.0/node_modules/a/index.js`]: "module.exports = 'a with ' + require('b')",
    [`${all}/a@1.0.0/node_modules/b`]: '→ ../../b@1.0.0/node_modules/b',
    [`${all}/b@1.0.0/node_modules/b/index.js`]: "module.exports = 'b'",
    'node_modules/a': '→ .pnpm/a@1.0.0/node_modules/a',
    'apps/web/node_modules/b': '→ ../../../node_modules/.pnpm/b@1.0.0/node_modules/b',
    'apps/web/web.js': '',
  })
  const snapshot = await app.take()
  await rm(join(app.folder, 'node_modules'), { recursive: true })
  assert.deepEqual(
    [required(snapshot, 'a'), required(snapshot, 'b', 'apps/web')],
    ['a with b', 'b'],
  )
})

test('a node_modules elsewhere is used where it is, and so is a package that is linked from elsewhere', async (t) => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'banyan-elsewhere-'))
  t.after(async () => await rm(elsewhere, { recursive: true }))
  await writeFiles(elsewhere, {
    ...installed({ a: '1.0.0' }),
    'lib/index.js': "module.exports = 'linked'",
  })
  await app.write({
    'package-lock.json': '{}',
    node_modules: `→ ${elsewhere}/node_modules`,
    'apps/web/node_modules/lib': `→ ${elsewhere}/lib`,
  })
  const snapshot = await app.take()
  assert.equal(required(snapshot, 'a'), 'a 1.0.0')
  assert.equal(required(snapshot, 'lib', 'apps/web'), 'linked')
})

test('a node_modules that is a link within the app leads to the one of the snapshot', async () => {
  await app.write({ ...installed({ a: '1.0.0' }), 'apps/web/node_modules': '→ ../../node_modules' })
  const snapshot = await app.take()
  assert.equal(await readlink(inApp(snapshot, 'apps/web/node_modules')), '../../node_modules')
})

test('systems that share a cache of modules share the files, and none needs the others', async (t) => {
  const cache = await mkdtemp(join(tmpdir(), 'banyan-cache-'))
  t.after(async () => await rm(cache, { recursive: true, force: true }))
  process.env.BANYAN_MODULES_CACHE = cache
  await app.write({ ...installed({ a: '1.0.0' }), 'node_modules/.bin/a': '→ ../a/index.js' })
  const { modules } = await app.take()
  const inode = async (folder: string) =>
    (await stat(join(folder, modules ?? '', 'node_modules/a/index.js'))).ino
  assert.equal(await inode(cache), await inode(join(app.paths.directory, 'modules')))
  await rm(cache, { recursive: true })
  await app.write({ 'web.mjs': '2' })
  assert.equal(required(await app.take(), 'a'), 'a 1.0.0')
})

test('a cache on another disk is copied from', async (t) => {
  const cache = await mkdtemp(join(tmpdir(), 'banyan-cache-'))
  t.after(async () => await rm(cache, { recursive: true, force: true }))
  if (spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', cache]).status !== 0) {
    return t.skip('needs the right to mount a tmpfs (root)')
  }
  try {
    process.env.BANYAN_MODULES_CACHE = cache
    await app.write(installed({ a: '1.0.0' }))
    assert.equal(required(await app.take(), 'a'), 'a 1.0.0')
  } finally {
    execFileSync('umount', [cache])
  }
})

test('what a build may generate in node_modules is each release its own', async () => {
  await app.write({
    ...installed({ a: '1.0.0' }),
    'node_modules/.prisma/client/index.js': "module.exports = 'old'",
  })
  const system = app.system({
    services: { web: { run: 'node web.mjs', build: 'npx prisma generate' } },
  })
  const first = await app.take(system)
  await app.write({ 'web.mjs': 'second' })
  const second = await app.take(system)
  assert.notEqual(second.modules, first.modules)
  await writeFile(inApp(second, 'node_modules/.prisma/client/index.js'), "module.exports = 'new'")
  assert.deepEqual(
    [required(first, '.prisma/client'), required(second, '.prisma/client')],
    ['old', 'new'],
  )
  assert.deepEqual((await differenceFrom(first, system)).changed, ['web.mjs'])
})

test('a disk that fills up while modules are copied leaves neither snapshot nor store', async (t) => {
  await app.write({ ...installed({ a: '1.0.0' }), 'node_modules/a/big.bin': 'x'.repeat(400_000) })
  await mkdir(app.paths.directory)
  if (
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', app.paths.directory]).status !==
    0
  ) {
    return t.skip('needs the right to mount a tmpfs (root)')
  }
  try {
    assert.match(
      await app.refusal(),
      /BANYAN_STATE_UNWRITABLE .*cannot be written: the disk is full/,
    )
    assert.deepEqual(await stores(), [])
    assert.deepEqual(await readdir(join(app.paths.directory, 'snapshots')), [])
  } finally {
    execFileSync('umount', [app.paths.directory])
  }
})

test('pruning keeps what is named, with its modules, and takes the rest away', async () => {
  await app.write(installed({ a: '1.0.0' }))
  const first = await app.take()
  await app.write(installed({ a: '2.0.0' }))
  const second = await app.take()
  await app.write({ 'web.mjs': 'third' })
  const third = await app.take()
  await pruneSnapshots(app.paths, [second.digest])
  assert.equal(required(await readSnapshot(app.paths, second.digest), 'a'), 'a 2.0.0')
  assert.deepEqual(await stores(), [second.modules])
  await assert.rejects(readSnapshot(app.paths, first.digest), { code: 'BANYAN_STATE_BROKEN' })
  await pruneSnapshots(app.paths, [])
  assert.deepEqual([await stores(), third.modules === second.modules], [[], true])
})

test('pruning finishes what a killed one had begun, and takes no modules while somebody takes a snapshot', async () => {
  await app.write(installed({ a: '1.0.0' }))
  const { modules } = await app.take()
  const { takingName } = await import('./places.ts')
  const snapshots = join(app.paths.directory, 'snapshots')
  await mkdir(join(snapshots, takingName()))
  await mkdir(join(snapshots, '.gone-00000000/app'), { recursive: true })
  await pruneSnapshots(app.paths, [])
  assert.deepEqual(await stores(), [modules])
  assert.deepEqual(
    (await readdir(snapshots)).filter((name) => name.startsWith('.gone')),
    [],
  )
})

test('a record that cannot be read keeps every store', async () => {
  await app.write(installed({ a: '1.0.0' }))
  const { folder, digest, modules } = await app.take()
  await writeFile(
    join(folder, 'snapshot.json'),
    (await readFile(join(folder, 'snapshot.json'), 'utf8')).slice(0, 50),
  )
  await pruneSnapshots(app.paths, [digest])
  assert.deepEqual(await stores(), [modules])
})
