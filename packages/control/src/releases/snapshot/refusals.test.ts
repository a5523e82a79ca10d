import assert from 'node:assert/strict'
import { chmod, chown, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { installed, makeTestApp, plainApp, type TestApp } from './test-apps.ts'

let app: TestApp
beforeEach(async () => {
  app = await makeTestApp(plainApp)
})
afterEach(async () => {
  const made = await readdir(join(app.paths.directory, 'snapshots')).catch(() => [])
  await app.remove()
  assert.ok(
    made.every((name) => !name.startsWith('.')),
    'nothing half-made stays',
  )
})

const running = (run: string, more: object = {}) =>
  app.system({ services: { web: { run, routes: ['/'], ...more } } })

test('an app without dependencies needs no lockfile', async () => {
  await app.write({ 'package.json': '{"type":"module"}' })
  assert.equal((await app.take()).files, 3)
})

test('an app that declares dependencies without a lockfile is refused, with the command that writes one', async () => {
  await app.write({ 'package.json': '{"dependencies":{"left-pad":"1"}}' })
  assert.match(
    await app.refusal(),
    /declares dependencies, but there is no lockfile .*npm install --package-lock-only/,
  )
})

test('so is one that has a node_modules and no lockfile', async () => {
  await app.write({ 'node_modules/a/index.js': '' })
  assert.match(await app.refusal(), /has a node_modules, but there is no lockfile/)
})

test('a lockfile above an app counts when the app is a workspace of it, or has no package of its own', async () => {
  await app.write({
    'package-lock.json': '{}',
    'package.json': '{"workspaces":["apps/*"]}',
    'apps/shop/package.json': '{"dependencies":{}}',
    'apps/shop/web.mjs': '',
    'other/package.json': '{"dependencies":{"left-pad":"1"}}',
    'other/web.mjs': '',
    'plain/web.mjs': '',
  })
  const { system, folder } = await app.take(app.system({}, 'apps/shop'))
  assert.equal(system.root, join(folder, 'app/apps/shop'))
  const plain = await app.take(app.system({}, 'plain'))
  assert.equal(plain.system.root, join(plain.folder, 'app/plain'))
  assert.match(
    await app.refusal(app.system({}, 'other')),
    /no lockfile .*does not name it as a workspace/,
  )
})

test('the packages of a pnpm workspace are found in its list', async () => {
  await app.write({
    'pnpm-lock.yaml': 'lockfileVersion: 9',
    'pnpm-workspace.yaml':
      '# ours\npackages:\n  # apps\n  - \'apps/*\'\n  - "!apps/old"\ncatalog:\n  - other\n',
    'apps/shop/package.json': '{"devDependencies":{"x":"1"}}',
    'apps/old/package.json': '{"devDependencies":{"x":"1"}}',
    'other/package.json': '{"devDependencies":{"x":"1"}}',
  })
  await app.take(app.system({}, 'apps/shop'))
  assert.match(await app.refusal(app.system({}, 'apps/old')), /no lockfile/)
  assert.match(await app.refusal(app.system({}, 'other')), /no lockfile/)
})

test("a lockfile above the top of the repository is not the app's", async () => {
  await app.write({ 'package-lock.json': '{}', 'repo/.git/HEAD': '', 'repo/web.mjs': '' })
  const { system, folder } = await app.take(app.system({}, 'repo'))
  assert.equal(system.root, join(folder, 'app'))
})

test('a program that a rule leaves out is refused with the rule, unless a build makes it', async () => {
  await app.write({ '.gitignore': 'logs\ndist/', 'dist/web.js': '' })
  const text = await app.refusal(running('node dist/web.js'))
  assert.match(
    text,
    /run: of web names dist\/web\.js, which the rule "dist\/" leaves out \(.*\/\.gitignore:2\)/,
  )
  assert.match(text, /`build:`/)
  await app.take(running('node dist/web.js', { build: 'node web.mjs --outdir=dist' }))
})

test('words that are only like the name of something ignored are let be', async () => {
  await app.write({ '.gitignore': 'logs\nstart', 'logs/a': '', start: '' })
  await app.take(running('tool start --level=info'))
  assert.match(await app.refusal(running('serve --to logs')), /run: of web names logs/)
})

test('data that is ignored is named by its whole path, and stays where it is', async () => {
  await app.write({ '.gitignore': 'data/', 'data/shop.db': '' })
  assert.match(
    await app.refusal(running('node web.mjs --db data/shop.db')),
    /names data\/shop\.db, .* data that outlives a release is named by its whole path/,
  )
  const path = join(app.folder, 'data/shop.db')
  const { system } = await app.take(running(`node web.mjs --db ${path} --log=${path}.log`))
  assert.deepEqual(system.services[0]?.run.slice(2), ['--db', path, `--log=${path}.log`])
})

test('a program that is run to build is not something that a build makes', async () => {
  await app.write({ '.gitignore': 'tools/', 'tools/make.mjs': '' })
  const text = await app.refusal(running('node dist/web.js', { build: 'node tools/make.mjs' }))
  assert.match(text, /build: of web names tools\/make\.mjs, which the rule "tools\/" leaves out/)
})

test('migrations, assets and proof that are left out are refused by their name', async () => {
  await app.write({ '.gitignore': '/made/', 'made/1.sql': '', 'made/proof.ts': '' })
  for (const [config, by] of [
    [{ data: { migrations: './made' } }, 'data\\.migrations:'],
    [{ assets: './made' }, 'assets:'],
    [{ proof: './made/proof.ts' }, 'proof:'],
  ] as const) {
    assert.match(await app.refusal(app.system(config)), new RegExp(`${by} names made.* leaves out`))
  }
})

test('what lies outside the root is refused, programs of the machine are not', async () => {
  await app.write({
    'inner/web.mjs': '',
    'inner/package-lock.json': '{}',
    'inner/package.json': '{}',
  })
  const system = app.system({ services: { web: { run: 'node ../web.mjs' } } }, 'inner')
  assert.match(
    await app.refusal(system),
    /run: of web names .*\/web\.mjs, which lies outside .*\/inner/,
  )
  await app.take(running('/usr/bin/env node web.mjs'))
})

test('a native module that the app compiles itself needs a build', async () => {
  await app.write({ '.gitignore': 'build/\n*.linux.node', 'addon/build/Release/addon.node': 'elf' })
  assert.match(
    await app.refusal(),
    /addon\/build\/Release\/addon\.node is a native module .*node-gyp rebuild/,
  )
  await app.take(running('node web.mjs', { build: 'npx node-gyp rebuild' }))
  await rm(join(app.folder, 'addon'), { recursive: true })
  await app.write({ 'hash.linux.node': 'elf' })
  assert.match(await app.refusal(), /hash\.linux\.node is a native module/)
})

test('a package that is missing or of another version than in the lockfile is refused with npm ci', async () => {
  await app.write(installed({ a: '1.0.0', b: '2.0.0' }))
  await app.take()
  // As some packages write theirs; the lockfile has it without the letter.
  await rm(join(app.folder, 'node_modules/b/package.json'))
  await app.write({ 'node_modules/b/package.json': '{"name":"b","version":"v2.0.0"}' })
  await app.take()
  await rm(join(app.folder, 'node_modules/b/package.json'))
  await app.write({ 'node_modules/b/package.json': '{"name":"b","version":"2.1.0"}' })
  assert.match(await app.refusal(), /node_modules\/b has version 2\.1\.0, not 2\.0\.0.*npm ci/)
  await rm(join(app.folder, 'node_modules/b'), { recursive: true })
  assert.match(await app.refusal(), /node_modules\/b is missing.*npm ci/)
})

test('packages that npm may leave out may be missing', async () => {
  const packages = {
    'node_modules/tool': { version: '1.0.0', dev: true },
    'node_modules/mac': { version: '1.0.0', optional: true },
    'apps/shop': { version: '1.0.0' },
  }
  await app.write({ 'package-lock.json': JSON.stringify({ packages }) })
  await app.take()
})

test('with other package managers, what the app itself declares has to be there', async () => {
  await app.write({ 'pnpm-lock.yaml': '', 'package.json': '{"dependencies":{"a":"1"}}' })
  assert.match(
    await app.refusal(),
    /a, a dependency of .*, is missing.*pnpm install --frozen-lockfile/,
  )
})

test("Yarn's Plug'n'Play is refused with the setting that makes a node_modules", async () => {
  await app.write({ 'yarn.lock': '', '.pnp.cjs': '' })
  assert.match(await app.refusal(), /Plug'n'Play.*nodeLinker: node-modules/)
})

test('a broken lockfile or package.json is said by its path', async () => {
  await app.write({ 'package-lock.json': '{' })
  assert.match(await app.refusal(), /package-lock\.json is not JSON/)
  await rm(join(app.folder, 'package-lock.json'))
  await app.write({ 'package.json': '{' })
  assert.match(await app.refusal(), /package\.json is not JSON/)
})

test('a file or a folder that may not be read is said by its path', async () => {
  await app.write({ 'lib/a.mjs': '' })
  const asRoot = process.geteuid?.() === 0
  const nobody = 65_534
  if (asRoot) await chown(app.folder, nobody, nobody)
  await chmod(join(app.folder, 'web.mjs'), 0)
  try {
    if (asRoot) process.seteuid?.(nobody)
    assert.match(await app.refusal(), /web\.mjs cannot be read: permission denied.*chmod -R u\+rX/)
  } finally {
    if (asRoot) process.seteuid?.(0)
  }
  await chmod(join(app.folder, 'web.mjs'), 0o644)
  await chmod(join(app.folder, 'lib'), 0)
  try {
    if (asRoot) process.seteuid?.(nobody)
    assert.match(await app.refusal(), /lib cannot be read: permission denied/)
  } finally {
    if (asRoot) process.seteuid?.(0)
    await chmod(join(app.folder, 'lib'), 0o755)
  }
})
