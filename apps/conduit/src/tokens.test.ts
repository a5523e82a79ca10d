import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createSigner } from 'fast-jwt'
import { createTokens } from './tokens.ts'

const user = '0198f6d0-0000-7000-8000-000000000001'
const secret = 'a secret of the tests'

it('a token names its user until it ends', async () => {
  const tokens = createTokens(secret)
  assert.equal(tokens.verify(tokens.sign(user)), user)
  const brief = createTokens(secret, { lifetimeMs: 1_000 })
  const token = brief.sign(user)
  assert.equal(brief.verify(token), user)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  assert.equal(brief.verify(token), null)
})

it('nothing else is a token', () => {
  const { verify } = createTokens(secret)
  const [head, body, signature] = createTokens(secret).sign(user).split('.')
  const sign = (claims: object, options: object = {}) =>
    createSigner({ key: secret, algorithm: 'HS256', expiresIn: 60_000, ...options })(claims)
  for (const token of [
    '',
    'x',
    'a.b.c',
    `${head}.${body}.`,
    `${head}.${body}.${signature?.slice(1)}`,
    createTokens('another secret').sign(user),
    sign({ sub: user }, { algorithm: 'HS512' }),
    createSigner({ key: secret, algorithm: 'HS256' })({ sub: user }),
    createSigner({ algorithm: 'none' } as never)({ sub: user }),
    sign({ sub: 7 }),
    sign({ sub: 'not an id' }),
    sign({}),
  ]) {
    assert.equal(verify(token), null, token)
  }
})
