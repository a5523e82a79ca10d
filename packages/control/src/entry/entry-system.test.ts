import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveSystem, type System } from '@banyan/model'
import { entrySystem } from './entry-system.ts'

/*
 * Only what is read of a context stands here: the two releases, and which node runs which.
 */

const systemOf = (services: object): System =>
  resolveSystem({ name: 'mail', services }, { root: '/srv/mail' })

const run = 'node x.ts'
const old = systemOf({ web: { run, routes: ['/'] }, smtp: { run, tcp: 2525 } })
const next = systemOf({ web: { run, routes: ['/'] }, mail: { run, tcp: 2525 } })

/** While `r2` comes: the ports of the services, by the release that each admitted node runs. */
function portsWhile(nodes: Readonly<Record<string, string>>, to: System = next) {
  const context = {
    release: 'r2',
    system: to,
    releases: { live: 'r1', find: () => ({ name: 'r1', snapshot: { system: old } }) },
    topology: {
      nodes: Object.keys(nodes).map((name) => ({ name, service: name.replace(/-.*/, '') })),
    },
    keepers: {
      get: (name: string) => ({ facts: { wanted: true }, driver: { release: nodes[name] } }),
    },
    entry: { admitted: Object.keys(nodes) },
    draining: new Set(),
  } as unknown as Parameters<typeof entrySystem>[0]
  const { services } = entrySystem(context)
  return Object.fromEntries(services.map(({ name, tcp }) => [name, tcp ?? null]))
}

test('a port stays with its service until the one that gets it is answered, and nothing older answers', () => {
  const before = { 'web-1': 'r1', 'smtp-1': 'r1' }
  assert.deepEqual(portsWhile(before), { web: null, smtp: 2525, mail: null })
  const beside = { ...before, 'mail-1': 'r2' }
  assert.deepEqual(portsWhile(beside), { web: null, smtp: 2525, mail: null })
  assert.deepEqual(portsWhile({ ...beside, 'web-1': 'r2' }), { web: null, mail: 2525 })
})

test('a port that is new belongs to its service as soon as somebody answers it', () => {
  const more = systemOf({
    web: { run, routes: ['/'] },
    smtp: { run, tcp: 2525 },
    mqtt: { run, tcp: 1883 },
  })
  const before = { 'web-1': 'r1', 'smtp-1': 'r1' }
  assert.deepEqual(portsWhile(before, more), { web: null, smtp: 2525, mqtt: null })
  assert.deepEqual(portsWhile({ ...before, 'mqtt-1': 'r2' }, more), {
    web: null,
    smtp: 2525,
    mqtt: 1883,
  })
})
