import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stick, stickyNode } from './sticky.ts'

test('the cookie of a service is found among others', () => {
  const cookies = 'a=b; banyan_node_api=api-2;banyan_node_web=web-1; xbanyan_node_web=no'
  assert.equal(stickyNode(cookies, 'web'), 'web-1')
  assert.equal(stickyNode(cookies, 'api'), 'api-2')
  for (const none of [undefined, '', 'banyan_node_web', 'x=banyan_node_web=web-1'])
    assert.equal(stickyNode(none, 'web'), null)
})

test('an answer that carries the cookie is kept by no shared cache', () => {
  const cookie = 'banyan_node_web=web-1; Path=/; HttpOnly; SameSite=Lax'
  const of = (headers: string[]) => {
    stick(headers, 'web', 'web-1')
    return headers
  }
  assert.deepEqual(of([]), ['set-cookie', cookie, 'cache-control', 'private'])
  for (const said of ['no-store', 'max-age=5, Private'])
    assert.deepEqual(of(['Cache-Control', said]), ['Cache-Control', said, 'set-cookie', cookie])
  assert.equal(of(['cache-control', 'public, max-age=5']).at(-1), 'private')
})
