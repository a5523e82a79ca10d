import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitCommand } from '@banyan/model'
import { expandCommand } from './npm-scripts.ts'
import type { Manifest } from './read-package.ts'

const manifest = (scripts: Record<string, string>, problem: string | null = null): Manifest => ({
  problem,
  scripts,
  hasProgram: (name) => name === 'tsx',
})

const expand = (
  command: string,
  scripts: Record<string, string> = {},
  key: 'run' | 'build' = 'run',
) => expandCommand(splitCommand(command), key, manifest(scripts))

test('a script stands for its command, also through several scripts', () => {
  const scripts = { start: 'npm run web -- --a', web: 'node src/web.ts', title: 'node "my web.ts"' }
  assert.deepEqual(expand('npm start', scripts).words, ['node', 'src/web.ts', '--a'])
  assert.deepEqual(expand('npm run web', scripts).words, ['node', 'src/web.ts'])
  assert.deepEqual(expand('npm run-script title', scripts).words, ['node', 'my web.ts'])
  assert.deepEqual(expand('npm run -s web', scripts).words, ['node', 'src/web.ts'])
  assert.deepEqual(expand('pnpm run web', scripts).words, ['node', 'src/web.ts'])
  assert.deepEqual(expand('node --run web', scripts).words, ['node', 'src/web.ts'])
})

test('words after the name of a script are added to its command', () => {
  const scripts = { web: 'node src/web.ts' }
  assert.deepEqual(expand('npm run web -- --port 3', scripts).words, [
    'node',
    'src/web.ts',
    '--port',
    '3',
  ])
  assert.deepEqual(expand('npm run web -- -s -- x', scripts).words, [
    'node',
    'src/web.ts',
    '-s',
    '--',
    'x',
  ])
})

test('every other command is left as it is', () => {
  assert.deepEqual(expand('node src/web.ts run start').words, [
    'node',
    'src/web.ts',
    'run',
    'start',
  ])
  assert.deepEqual(expand('./npm start').words, ['./npm', 'start'])
})

test('scripts that call each other are shown as the circle that they are', () => {
  const scripts = { start: 'npm run a', a: 'npm run b', b: 'npm run a' }
  assert.match(expand('npm start', scripts).complaint?.found ?? '', /start → a → b → a$/)
})

test('scripts that npm would run around another one are refused', () => {
  const before = expand('npm run web', { preweb: 'tsc', web: 'node web.js' }).complaint
  assert.match(before?.found ?? '', /preweb, which npm runs around web/)
  assert.match(before?.mend ?? '', /build: 'npm run prepare-web'/)
  const after = expand('npm start', { start: 'node web.js', poststart: 'rm x' }).complaint
  assert.match(after?.found ?? '', /poststart/)
  const deep = expand('npm start', {
    start: 'npm run web',
    preweb: 'tsc',
    web: 'node web.js',
  }).complaint
  assert.match(deep?.found ?? '', /preweb.*in the script start/)
})

test('a script that needs a shell is refused with the way by which it was reached', () => {
  const { complaint } = expand('npm start', { start: 'npm run web', web: 'tsc && node web.js' })
  assert.match(complaint?.found ?? '', /two commands in one \("&&"\) in the script start → web/)
  const assigned = expand('npm start', { start: 'NODE_ENV=production node web.js' }).complaint
  assert.match(assigned?.mend ?? '', /env: \{ NODE_ENV: "production" \}/)
})

test('a script that does not exist names those that do', () => {
  const { complaint } = expand('npm run wep', { web: 'node web.js', mail: 'node mail.js' })
  assert.equal(complaint?.expected, 'one of web, mail')
  assert.equal(complaint?.mend, 'did you mean web?')
  assert.match(expand('npm start').complaint?.expected ?? '', /has none/)
  assert.ok(expand('npm run toString', { web: 'x' }).complaint)
})

test('without a package.json there is nothing to unwrap', () => {
  const { complaint } = expandCommand(
    ['npm', 'start'],
    'run',
    manifest({}, 'no package.json in /srv'),
  )
  assert.equal(complaint?.found, 'no package.json in /srv')
})

test('calls of npm that are not scripts are refused', () => {
  for (const command of [
    'npm install',
    'npm exec tsx',
    'npm',
    'npm run',
    'npm run -w web start',
    'npm --prefix x start',
  ]) {
    assert.match(
      expand(command, { start: 'node x' }).complaint?.found ?? '',
      /cannot unwrap/,
      command,
    )
  }
})

test('npx of an installed program is the program; a download at every start is refused', () => {
  assert.deepEqual(expand('npx tsx src/web.ts').words, ['tsx', 'src/web.ts'])
  assert.deepEqual(expand('npx --no tsx src/web.ts').words, ['tsx', 'src/web.ts'])
  assert.match(
    expand('npx ts-node src/web.ts').complaint?.mend ?? '',
    /npm install --save-dev ts-node/,
  )
  assert.ok(expand('npx --yes tsx').complaint)
  assert.ok(expand('npx').complaint)
  assert.deepEqual(expand('npm start', { start: 'npx tsx web.ts' }).words, ['tsx', 'web.ts'])
})
