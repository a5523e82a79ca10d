import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKey, readText } from './prometheus-text.ts'

function read(text: string) {
  const types: Record<string, string> = {}
  const samples: Record<string, number> = {}
  readText(text, {
    onType: (name, type) => {
      types[name] = type
    },
    onSample: (key, value) => {
      samples[key] = value
    },
  })
  return { types, samples }
}

test('samples are read with their types, whatever their numbers look like', () => {
  const { types, samples } = read(
    '# HELP a {of} things\n# TYPE a counter\na{x="}",y="b c"} 1e3\n\n# TYPE b gauge\nb -Inf 1700000000000\nc +Inf\nd NaN\n',
  )
  assert.deepEqual(types, { a: 'counter', b: 'gauge' })
  assert.deepEqual(samples, {
    'a{x="}",y="b c"}': 1_000,
    b: Number.NEGATIVE_INFINITY,
    c: Number.POSITIVE_INFINITY,
    d: Number.NaN,
  })
})

for (const [what, text] of [
  ['an answer that was cut', 'a 1\nb 12'],
  ['a line without a number', 'a{x="y"}\n'],
  ['a word for a number', 'a many\n'],
  ['a page of HTML', '<html>\n'],
] as const) {
  test(`${what} is refused whole`, () => assert.throws(() => read(text), SyntaxError))
}

test('a key gives its labels back, with what was escaped', () => {
  assert.deepEqual(parseKey('a{b="x\\"y\\\\z\\n", c="}",}'), {
    name: 'a',
    labels: { b: 'x"y\\z\n', c: '}' },
  })
  assert.deepEqual(parseKey('a'), { name: 'a', labels: {} })
  assert.throws(() => parseKey('a{b=c}'), SyntaxError)
})
