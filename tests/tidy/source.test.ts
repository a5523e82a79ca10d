import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesUnder, findLines, isTest, isTypeScript } from './project-files.ts'

const code = filesUnder('packages', 'apps', 'tests', 'scripts', 'bench').filter(isTypeScript)

test('relative imports say the ending of the file', () => {
  assert.ok(code.length > 100, 'the code was found')
  const bare =
    /\b(from|import)\b\s*\(?\s*['"]\.{1,2}\/[^'"]*(?<!\.(tsx?|mjs|js|json)(\?[^'"]*)?)['"]/
  assert.equal(
    findLines([{ path: 'x.ts', text: `${'import'} { x } ${'from'} './x'` }], bare).length,
    1,
  )
  assert.deepEqual(findLines(code, bare), [])
})

test('no process of ours loads a second HTTP client by an import of node:http', () => {
  const whole = /^import (?!type\b)[^'"]*from 'node:https?'/m
  assert.match("import { a } from 'a'\nimport {\n  b,\n} from 'node:http'\n", whole)
  assert.doesNotMatch("import type { a } from 'node:http'\nimport { b } from 'b'\n", whole)
  const found = code.filter(
    (file) => file.path.startsWith('packages/') && !isTest(file) && whole.test(file.text),
  )
  assert.deepEqual(
    found.map(({ path }) => path),
    [],
    'import it from node-http.ts of the package, which says why',
  )
})

test('files are called in kebab-case', () => {
  const odd = code.filter(
    ({ path }) => !/^([a-z0-9.-]+\/)*[a-z0-9]+([.-][a-z0-9]+)*\.ts$/.test(path),
  )
  assert.deepEqual(
    odd.map(({ path }) => path),
    [],
  )
})

test('the code of the packages has no file longer than a reader would follow', (t) => {
  const lengths = code
    .filter((file) => !isTest(file))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .sort((a, b) => b.lines - a.lines)
  // Past 350 lines a file is worth a question; past 700 the answer is known.
  for (const { path, lines } of lengths.filter((file) => file.lines > 350)) {
    t.diagnostic(`${lines} lines: ${path}`)
  }
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > 700),
    [],
  )
})

test('nothing in the project names a machine that it was made on', () => {
  const words = [
    // Written in two halves, so that this file does not find itself.
    ['/work', '/main'],
    ['/work', '/shared'],
    ['/tmp', '/brief'],
    ['/home', '/[a-z]+/'],
    ['/Users', '/[A-Za-z]+/'],
    ['//registry\\.(?!npmjs\\.org)', '[a-z0-9-]+\\.[a-z]+'],
    ['_auth', 'Token'],
  ]
  const pattern = new RegExp(words.map(([a = '', b = '']) => a + b).join('|'))
  assert.match('see /work' + '/main/x', pattern)
  const everything = filesUnder('.').filter(({ path }) => path !== 'tests/tidy/source.test.ts')
  const found = everything.flatMap(({ path, text }) => {
    const match = pattern.exec(text)
    return match ? [`${path}: ${match[0]}`] : []
  })
  assert.deepEqual(found, [])
})
