import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError } from './banyan-error.ts'
import type { Fault } from './faults.ts'
import { resolveSystem } from './resolve-system.ts'
import { defaultTelemetry } from './telemetry.ts'

const services = { web: { run: 'node src/web.ts' } }

const telemetryOf = (telemetry?: unknown) =>
  resolveSystem({ name: 'notes', services, telemetry }, { root: '/srv/notes' }).telemetry

const complaint = (telemetry: unknown): BanyanError => {
  try {
    telemetryOf(telemetry)
  } catch (error) {
    assert.ok(BanyanError.is(error))
    return error
  }
  assert.fail('it was taken')
}

/** What stands at fault, by path without `telemetry`. */
const faultsOf = (telemetry: unknown): Record<string, Fault> => {
  const { faults } = complaint(telemetry).details as { faults: readonly Fault[] }
  return Object.fromEntries(faults.map((fault) => [fault.path.replace(/^telemetry\.?/, ''), fault]))
}

test('a system that says nothing of telemetry has the defaults, and so has one that says {}', () => {
  assert.deepEqual(telemetryOf(), defaultTelemetry)
  assert.deepEqual(telemetryOf({}), defaultTelemetry)
})

test('what is said is taken, and what is left out is filled in', () => {
  assert.deepEqual(
    telemetryOf({
      enabled: false,
      traces: { slowMs: 0 },
      export: { url: 'https://otlp.example.org/base/', headers: { 'X-Token': 'abc' } },
      business: {
        'daily active users': { event: 'user.active', count: 'subjects', days: 1 },
        'retention after a week': { event: 'user.active', since: 'user.registered', retention: 7 },
      },
    }),
    {
      enabled: false,
      traces: { share: 0.01, slowMs: 0 },
      export: { url: 'https://otlp.example.org/base', headers: { 'x-token': 'abc' } },
      business: [
        {
          name: 'daily active users',
          kind: 'count',
          event: 'user.active',
          of: 'subjects',
          days: 1,
        },
        {
          name: 'retention after a week',
          kind: 'retention',
          event: 'user.active',
          since: 'user.registered',
          days: 7,
        },
      ],
    },
  )
})

test('every fault of telemetry is named at once, with the edit that mends it', () => {
  const faults = faultsOf({
    enabled: 'yes',
    trace: {},
    traces: { share: 50, slowMs: -1 },
    business: {
      orders: { event: 'Order Placed', count: 'event' },
      kept: { event: 'user.active', retention: 400 },
      'a{b}': { event: 'a', count: 'events', days: 1 },
      text: 'user.active',
    },
  })
  assert.deepEqual(Object.keys(faults).sort(), [
    'business.kept.retention',
    'business.kept.since',
    'business.orders.count',
    'business.orders.days',
    'business.orders.event',
    'business.text',
    'business["a{b}"]',
    'enabled',
    'trace',
    'traces.share',
    'traces.slowMs',
  ])
  assert.equal(faults['traces.share']?.mend, 'write share: 0.5')
  assert.equal(faults['business.orders.count']?.mend, 'did you mean events?')
  assert.equal(faults.trace?.mend, 'did you mean traces?')
})

test('what is no object at all is named as such', () => {
  assert.ok(faultsOf(true)[''])
  assert.ok(faultsOf({ traces: 0.5 }).traces)
  assert.ok(faultsOf({ export: 'https://otlp.example.org' }).export)
  assert.ok(faultsOf({ export: { url: 'https://x.example', headers: [] } })['export.headers'])
  assert.ok(faultsOf({ business: ['user.active'] }).business)
})

test('at most a hundred business metrics are computed', () => {
  const names = Array.from({ length: 101 }, (_, at) => `metric ${at}`)
  const one = { event: 'a', count: 'events', days: 1 }
  const faults = faultsOf({ business: Object.fromEntries(names.map((name) => [name, one])) })
  assert.equal(faults.business?.found, '101 metrics')
})

test('a receiver is a plain base URL, and nothing of what was found is repeated', () => {
  const wrong = [
    [undefined, 'nothing'],
    ['otlp.example.org', 'no URL'],
    ['file:///hush', 'a URL of the scheme file:'],
    ['https://me:hush@otlp.example.org', 'a URL with a user in it'],
    ['https://otlp.example.org/?token=hush', 'a URL with a query or a fragment'],
    ['https://otlp.example.org/v1/traces', 'the URL of one signal'],
  ] as const
  for (const [url, found] of wrong) {
    const target = { export: url === undefined ? {} : { url } }
    assert.equal(faultsOf(target)['export.url']?.found, found)
    assert.doesNotMatch(complaint(target).message, /hush/)
  }
})

test('a header that could not be sent is refused without its text', () => {
  const headers = { authorization: 'Bearer hush\nx: y', 'bad name': 'x', count: 3 }
  const target = { export: { url: 'https://otlp.example.org', headers } }
  assert.deepEqual(Object.keys(faultsOf(target)).sort(), [
    'export.headers.authorization',
    'export.headers.count',
    'export.headers["bad name"]',
  ])
  assert.doesNotMatch(complaint(target).message, /hush/)
})
