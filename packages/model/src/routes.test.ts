import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covers, gatewayRoutes, parseRoute } from './routes.ts'

const systemOf = (routes: Readonly<Record<string, readonly string[]>>) => ({
  services: Object.entries(routes).map(([name, routes]) => ({
    name,
    run: ['node'],
    build: null,
    routes,
    health: null,
    env: {},
    startTimeoutMs: 1,
    stopTimeoutMs: 1,
  })),
})

test('what stands before the first slash is a host name, the same in any letters', () => {
  assert.deepEqual(parseRoute('/api'), { host: null, prefix: '/api' })
  assert.deepEqual(parseRoute('Api.Example.com/v1/X'), { host: 'api.example.com', prefix: '/v1/X' })
  assert.deepEqual(parseRoute('/'), { host: null, prefix: '/' })
})

test('a prefix answers by whole segments', () => {
  for (const path of ['/api', '/api/', '/api/x']) {
    assert.equal(covers('/api', path), true, path)
    assert.equal(covers('/api/', path), true, path)
  }
  assert.equal(covers('/api', '/apis'), false)
  assert.equal(covers('/', '/anything'), true)
})

test('a host name counts before every host, and a longer prefix before a shorter one', () => {
  const routes = gatewayRoutes(
    systemOf({ web: ['/', '/api/public'], api: ['/api', 'B.example/', 'a.example/'] }),
  )
  assert.deepEqual(
    routes.map(({ host, prefix, service }) => `${service} ${host ?? '*'}${prefix}`),
    ['api a.example/', 'api b.example/', 'web */api/public', 'api */api', 'web */'],
  )
})
