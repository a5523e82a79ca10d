import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'

const repository = join(import.meta.dirname, '../..')
const program = join(repository, 'packages/cli/bin/banyan.mjs')
const home = mkdtempSync(join(tmpdir(), 'banyan-init-'))
chmodSync(home, 0o755)
after(() => rmSync(home, { recursive: true, force: true }))

let made = 0

/** A folder of its own with these files in it. */
function folderWith(files: Readonly<Record<string, string>>): string {
  made += 1
  const folder = join(home, `app-${made}`)
  mkdirSync(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

function banyan(cwd: string, ...words: string[]) {
  const { DATABASE_URL: _url, NODE_TEST_CONTEXT: _context, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd,
    env,
    encoding: 'utf8',
  })
  return { code: status, stdout, stderr }
}

type Refusal = { code: string; message: string; hint: string }

/** Everything that a refused init has in common: exit code 1, and nothing written. */
function refused(files: Readonly<Record<string, string>>, ...words: string[]): Refusal {
  const folder = folderWith(files)
  const before = readdirSync(folder)
  const { code, stdout } = banyan(folder, 'init', ...words, '--json')
  assert.equal(code, 1, stdout)
  assert.deepEqual(readdirSync(folder), before, 'something was written')
  return (JSON.parse(stdout) as { error: Refusal }).error
}

const manifest = (start: string): string =>
  JSON.stringify({ name: 'shop', scripts: { start } }, null, 2)

test('an app that nothing starts is refused with what was looked for', () => {
  const { code, message, hint } = refused({ 'package.json': '{}', 'lib/a.js': '' })
  assert.equal(code, 'BANYAN_INIT_REFUSED')
  assert.match(message, /^package\.json: .*no script start/)
  assert.match(hint, /"start": "node src\/server\.js"/)
})

test('a start script that needs a shell is refused by file and line', () => {
  const { message, hint } = refused({ 'package.json': manifest('node a.js && node b.js') })
  assert.match(message, /^package\.json:4: .*node a\.js && node b\.js/)
  assert.match(hint, /build: 'node a\.js'/)
})

test('a folder of something else is refused untouched', () => {
  const { message } = refused({ 'main.py': '', 'setup.py': '' })
  assert.match(message, /main\.py, setup\.py/)
})

test('a broken package.json is refused with the reason', () => {
  const { message } = refused({ 'package.json': '{ "scripts": ' })
  assert.match(message, /cannot be read/)
})

test('a config that is there is never overwritten, whatever it is called', () => {
  for (const name of ['banyan.config.ts', 'banyan.config.mjs']) {
    const { code, message } = refused({ [name]: 'mine', 'package.json': manifest('node a.js') })
    assert.equal(code, 'BANYAN_INIT_EXISTS')
    assert.match(message, new RegExp(name))
  }
})

test('a file where a folder should be, and an unknown option, are refused', () => {
  const folder = folderWith({ notes: '' })
  assert.equal(banyan(folder, 'init', 'notes').code, 1)
  assert.equal(banyan(folder, 'init', '--bogus').code, 2)
})

test('a dry run shows the config and writes nothing', () => {
  const folder = folderWith({ 'package.json': manifest('node a.js') })
  const { code, stdout } = banyan(folder, 'init', '--dry-run')
  assert.equal(code, 0)
  assert.match(stdout, /would write banyan\.config\.mts[\s\S]*run: 'npm start'/)
  assert.deepEqual(readdirSync(folder), ['package.json'])
})

test('.gitignore gets one line, once, in the way of its file', () => {
  const files = { 'package.json': manifest('node a.js'), '.gitignore': 'dist\r\nlogs' }
  const folder = folderWith(files)
  banyan(folder, 'init')
  assert.equal(readFileSync(join(folder, '.gitignore'), 'utf8'), 'dist\r\nlogs\r\n.banyan/\r\n')
  rmSync(join(folder, 'banyan.config.mts'))
  banyan(folder, 'init')
  assert.equal(readFileSync(join(folder, '.gitignore'), 'utf8'), 'dist\r\nlogs\r\n.banyan/\r\n')
})

test('the value of DATABASE_URL is neither written nor printed', () => {
  const secret = 'postgres://ada:s3cret@127.0.0.1/shop'
  const files = { 'package.json': manifest('node a.js'), '.env.local': `DATABASE_URL=${secret}\n` }
  for (const words of [[], ['--json'], ['--dry-run'], ['--dry-run', '--json']]) {
    const folder = folderWith(files)
    const { code, stdout, stderr } = banyan(folder, 'init', ...words)
    assert.equal(code, 0, stderr)
    assert.doesNotMatch(stdout + stderr, /s3cret/)
    const config = join(folder, 'banyan.config.mts')
    if (existsSync(config)) assert.doesNotMatch(readFileSync(config, 'utf8'), /s3cret/)
  }
})

test('what was written is a config: the plan of an app that was taken in can be made', () => {
  const cases: readonly Record<string, string>[] = [
    { 'package.json': manifest("NODE_ENV=production TITLE='It is' node a.js"), 'a.js': '' },
    { 'package.json': manifest('node build.mjs && node a.js'), 'a.js': '', 'build.mjs': '' },
    { 'package.json': '{"type":"module","main":"a.js"}', 'a.js': '' },
    { 'package.json': '{"type":"commonjs","dependencies":{"pg":"8"},"main":"./a.js"}', 'a.js': '' },
  ]
  for (const files of cases) {
    const folder = folderWith(files)
    assert.equal(banyan(folder, 'init').code, 0)
    const { code, stdout, stderr } = banyan(folder, 'plan', '--json')
    assert.equal(code, 0, stdout + stderr)
    assert.ok(JSON.parse(stdout).steps.length > 0)
  }
})

test('a URL in an environment file of another name is read from there', () => {
  const folder = folderWith({
    'package.json': manifest('node a.js'),
    '.env.local': 'DATABASE_URL=postgres://ada:s3cret@127.0.0.1:1/shop\n',
  })
  banyan(folder, 'init')
  const { stdout } = banyan(folder, 'up', '--detach', '--json')
  const { error } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { error: Refusal }
  assert.equal(error.code, 'BANYAN_ADOPTED_UNREACHABLE', 'the URL was not found')
  assert.doesNotMatch(stdout, /s3cret/)
})

test('from a clone a new app is refused, because it could not be installed', () => {
  const { code, hint } = refused({})
  assert.equal(code, 'BANYAN_INIT_NO_PACKAGES')
  assert.match(hint, /npm run pack/)
  assert.equal(refused({}, '--packages', '/nowhere').code, 'BANYAN_INIT_NO_PACKAGES')
})

/** Packages by their names alone: what is in them does not matter before they are installed. */
function packages(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  const names = ['', '-model', '-postgres', '-control', '-prove', '-cli']
  return folderWith(Object.fromEntries(names.map((name) => [`banyan${name}-${version}.tgz`, ''])))
}

test('a new app keeps what npm init has made, and names the packages that it was made from', () => {
  const folder = folderWith({
    'package.json': JSON.stringify({
      name: 'my-notes',
      description: 'mine',
      main: 'index.js',
      type: 'commonjs',
      scripts: { test: 'echo "Error: no test specified" && exit 1' },
      dependencies: { zod: '4' },
    }),
    'README.md': 'My own',
  })
  const { code, stderr } = banyan(folder, 'init', '--packages', packages())
  assert.equal(code, 0, stderr)
  assert.equal(readFileSync(join(folder, 'README.md'), 'utf8'), 'My own')
  const now = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  assert.deepEqual([now.name, now.description, now.type], ['my-notes', 'mine', 'module'])
  assert.equal(now.dependencies.zod, '4')
  assert.match(now.dependencies.banyan, /^file:\.\.\/app-\d+\/banyan-\d/)
  assert.match(now.devDependencies['@banyan/cli'], /^file:/)
  assert.match(readFileSync(join(folder, 'banyan.config.ts'), 'utf8'), /name: 'my-notes'/)
})

test('a new app passes its own tests on a fresh database', () => {
  const folder = folderWith({})
  const { code, stderr } = banyan(home, 'init', folder, '--packages', packages())
  assert.equal(code, 0, stderr)
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  try {
    const tests = banyan(folder, 'exec', '--fresh', '--', 'npm', 'test')
    assert.equal(tests.code, 0, tests.stdout + tests.stderr)
    assert.match(tests.stdout, /pass 2\n/)
  } finally {
    banyan(folder, 'down', '--destroy', '--yes')
  }
})

test('the new app needs the versions that the project itself is tested with', () => {
  const read = (path: string) => JSON.parse(readFileSync(join(repository, path), 'utf8'))
  const template = read('packages/cli/templates/app/package.json')
  const [project, runtime] = [read('package.json'), read('packages/banyan/package.json')]
  assert.equal(template.dependencies.hono, runtime.devDependencies.hono)
  assert.equal(template.devDependencies.typescript, project.devDependencies.typescript)
  assert.equal(template.devDependencies['@types/node'], project.devDependencies['@types/node'])
})
