import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked, redactor } from './redact.ts'

const { text, value } = redactor(['s3cr3t-of-a-node', 'short'])

for (const [line, shown] of [
  ['postgres://app:hunter2@127.0.0.1/db', `postgres://app:${masked}@127.0.0.1/db`],
  ['sent authorization: Bearer abcdef.123456', `sent authorization: Bearer ${masked}`],
  ['password=hunter2 and more', `password=${masked} and more`],
  ['PASSWORD "x"', 'PASSWORD "x"'],
  ["alter role a password 'hunter2'", `alter role a password '${masked}'`],
  ['it is s3cr3t-of-a-node here', `it is ${masked} here`],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P', masked],
  ['a token of an hour, a secretary', 'a token of an hour, a secretary'],
  ['GET /api/articles/why-tokens 200', 'GET /api/articles/why-tokens 200'],
] as const) {
  test(`of "${line.slice(0, 50)}" stays "${shown.slice(0, 50)}"`, () =>
    assert.equal(text(line), shown))
}

test('what stands behind a key that speaks of a secret is masked at any depth', () => {
  const fields = {
    headers: { cookie: 'a=b', Authorization: 'x', accept: 'y' },
    list: [{ dbPassword: 'hunter2' }],
    tokenCount: 3,
    note: 'url postgres://a:b@c',
  }
  assert.deepEqual(value(fields), {
    headers: { cookie: masked, Authorization: masked, accept: 'y' },
    list: [{ dbPassword: masked }],
    tokenCount: 3,
    note: `url postgres://a:${masked}@c`,
  })
})

test('a million characters are read in no time', () => {
  const begun = performance.now()
  for (const part of ['a', 'password ', 'postgres://', '://x:', 'eyJa.', '"token":"'])
    text(part.repeat(1_000_000 / part.length))
  assert.ok(performance.now() - begun < 2_000, `${performance.now() - begun} ms`)
})
