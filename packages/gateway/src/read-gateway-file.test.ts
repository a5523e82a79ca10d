import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { parseGatewayFile, readGatewayFile } from './read-gateway-file.ts'

const good = {
  format: 1,
  version: 3,
  node: 'gateway-1',
  listen: { host: '127.0.0.1', port: 3_100 },
  token: 'secret-token',
  drainTimeoutMs: 10_000,
  trustedProxies: ['10.0.0.0/8'],
  routes: [{ host: null, prefix: '/', service: 'web' }],
  backends: [
    {
      node: 'web-1',
      service: 'web',
      host: '127.0.0.1',
      port: 3_001,
      health: '/up',
      state: 'ready',
    },
  ],
}

const faults = (value: unknown): string => {
  try {
    parseGatewayFile(typeof value === 'string' ? value : JSON.stringify(value), 'The file')
  } catch (error) {
    assert.ok(BanyanError.is(error))
    assert.equal(error.code, 'BANYAN_GATEWAY_FILE_INVALID')
    assert.doesNotMatch(error.message, /secret-token/)
    return error.message
  }
  return ''
}

test('a whole file is taken as it is', () => {
  assert.deepEqual(parseGatewayFile(JSON.stringify(good), 'The file'), good)
})

test('every fault is named at once', () => {
  const message = faults({ ...good, version: -1, token: '', routes: [{}], trustedProxies: 3 })
  for (const name of ['version', 'token', 'routes', 'trustedProxies'])
    assert.match(message, new RegExp(name))
})

for (const [name, value] of Object.entries({
  'no JSON': '{',
  'a list': [],
  'another format': { ...good, format: 2 },
  'a port that is none': { ...good, backends: [{ ...good.backends[0], port: 0 }] },
  'a state that is none': { ...good, backends: [{ ...good.backends[0], state: 'gone' }] },
  'a health path with a line end': {
    ...good,
    backends: [{ ...good.backends[0], health: '/a\r\nb' }],
  },
  'a server that is there twice': { ...good, backends: [good.backends[0], good.backends[0]] },
  'a weight that is more than any': { ...good, backends: [{ ...good.backends[0], weight: 257 }] },
  'a weight below nothing': { ...good, backends: [{ ...good.backends[0], weight: -1 }] },
  'a way to balance that is none': { ...good, balance: 'random' },
  'stickiness that is neither yes nor no': { ...good, sticky: 'yes' },
  'a slow start without end': { ...good, slowStartMs: 0.5 },
  'a host with a line end': { ...good, backends: [{ ...good.backends[0], host: 'a\r\nb' }] },
  'a drain timeout beyond all timers': { ...good, drainTimeoutMs: 2 ** 31 },
  'a proxy that is no address': { ...good, trustedProxies: ['proxy'] },
})) {
  test(`${name} is refused`, () => assert.notEqual(faults(value), ''))
}

test('a file that is not there is named', () => {
  assert.throws(
    () => readGatewayFile('/nowhere/gateway.json'),
    /\/nowhere\/gateway\.json cannot be read/,
  )
})

test('what it is told of telemetry is whole, or refused', () => {
  const otlp = { url: 'http://127.0.0.1:4318', token: 'secret-token' }
  const telemetry = { otlp, traces: { share: 0.1, slowMs: 500 }, metricsToken: 'secret-token' }
  for (const one of [telemetry, { ...telemetry, otlp: null }]) {
    assert.equal(faults({ ...good, telemetry: one }), '')
  }
  for (const broken of [
    {},
    { ...telemetry, metricsToken: '' },
    { ...telemetry, traces: { share: '1', slowMs: 500 } },
    { ...telemetry, otlp: { ...otlp, url: 'nowhere' } },
  ]) {
    assert.match(faults({ ...good, telemetry: broken }), /telemetry is not/)
  }
})
