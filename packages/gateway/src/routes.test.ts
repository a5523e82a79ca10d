import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routerOf } from './routes.ts'

const router = routerOf([
  { host: null, prefix: '/', service: 'web' },
  { host: null, prefix: '/api/', service: 'api' },
  { host: null, prefix: '/api/v2', service: 'next' },
  { host: 'Admin.example', prefix: '/x', service: 'admin' },
])

const cases: readonly [string, string, string | null][] = [
  ['any', '/', 'web'],
  ['any', '/api', 'api'],
  ['any', '/api?x', 'api'],
  ['any', '/api/x', 'api'],
  ['any', '/apis', 'web'],
  ['any', '/api/v2', 'next'],
  ['any', '/api/v2x', 'api'],
  ['admin.example', '/x/y', 'admin'],
  ['ADMIN.EXAMPLE:8080', '/x', 'admin'],
  ['admin.example.', '/x', 'admin'],
  ['admin.example', '/y', 'web'],
  ['[::1]:80', '/', 'web'],
  ['any', '*', 'web'],
]

for (const [host, path, service] of cases) {
  test(`${host}${path} goes to ${service}`, () => assert.equal(router(host, path), service))
}

test('without a route of all paths there may be none', () => {
  assert.equal(routerOf([{ host: null, prefix: '/api', service: 'api' }])('x', '/'), null)
  assert.equal(routerOf([])('x', '/'), null)
})

test('one route of everything takes everything', () => {
  const all = routerOf([{ host: null, prefix: '/', service: 'web' }])
  assert.equal(all('x', '/a/b?c'), 'web')
})
