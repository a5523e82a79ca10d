import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError } from './banyan-error.ts'
import type { Fault } from './faults.ts'
import { isPublic, publicServices, tcpPorts } from './public-services.ts'
import { resolveSystem } from './resolve-system.ts'

const resolve = (services: object) => resolveSystem({ name: 'mail', services }, { root: '/srv' })

function faultsOf(services: object): Record<string, Fault> {
  try {
    resolve(services)
  } catch (error) {
    if (!BanyanError.is(error)) throw error
    const { faults } = error.details as { faults: readonly Fault[] }
    return Object.fromEntries(faults.map((fault) => [fault.path, fault]))
  }
  throw new Error('nothing was wrong with it')
}

test('a service with a port is public without routes, and one without either is a worker', () => {
  const system = resolve({
    smtp: { run: 'node smtp.ts', tcp: 2525 },
    web: { run: 'node web.ts', routes: ['/'] },
    mqtt: { run: 'node mqtt.ts', tcp: 1883 },
    worker: { run: 'node worker.ts' },
  })
  assert.deepEqual(
    publicServices(system).map(({ name }) => name),
    ['smtp', 'web', 'mqtt'],
  )
  assert.deepEqual(tcpPorts(system), [1883, 2525])
  assert.equal(isPublic({ routes: [] }), false)
  assert.equal('tcp' in (system.services[3] ?? {}), false)
})

test('a port is a number from 1 to 65535', () => {
  for (const tcp of [0, -1, 65_536, 25.5, true, {}, null]) {
    const { mend } = faultsOf({ smtp: { run: 'node smtp.ts', tcp } })['services.smtp.tcp'] ?? {}
    assert.equal(mend, 'write a number such as tcp: 2525', String(tcp))
  }
  const { mend } = faultsOf({ mqtt: { run: 'node m.ts', tcp: '1883' } })['services.mqtt.tcp'] ?? {}
  assert.equal(mend, 'write a number such as tcp: 1883')
  assert.deepEqual(
    tcpPorts(resolve({ a: { run: 'a', tcp: 1 }, b: { run: 'b', tcp: 65_535 } })),
    [1, 65_535],
  )
})

test('a service has either routes or a port, and no path for its health beside a port', () => {
  const faults = faultsOf({
    smtp: { run: 'node smtp.ts', tcp: 2525, routes: ['/'], health: '/up' },
  })
  assert.deepEqual(Object.keys(faults).sort(), ['services.smtp.health', 'services.smtp.routes'])
  assert.equal(faults['services.smtp.routes']?.expected, 'either routes or tcp')
  assert.equal(tcpPorts(resolve({ smtp: { run: 'node smtp.ts', tcp: 2525, routes: [] } }))[0], 2525)
})

test('no two services have the same port', () => {
  const run = 'node x.ts'
  const faults = faultsOf({ a: { run, tcp: 2525 }, b: { run, tcp: 2525 }, c: { run, tcp: 2525 } })
  assert.deepEqual(Object.keys(faults), ['services.b.tcp', 'services.c.tcp'])
  assert.equal(faults['services.c.tcp']?.mend, 'take another one; a has 2525')
})
