import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultTelemetry, type System, type TelemetrySystem } from '@banyan/model'
import type { Context } from '../climb/context.ts'
import { telemetryIn } from './process-telemetry.ts'
import { storeFileOf } from './store-file.ts'

const secrets = { metricsToken: 'metrics', storeToken: 'store' }
const context = { secrets, telemetry: { storePlace: '127.0.0.1:17000' } } as unknown as Context
const systemWith = (telemetry?: Partial<TelemetrySystem>, url: string | null = null): System =>
  ({
    name: 'notes',
    data: { url },
    ...(telemetry !== undefined && { telemetry: { ...defaultTelemetry, ...telemetry } }),
  }) as unknown as System

test('a process is told where spans go, which are kept, and what its metrics ask for', () => {
  const traces = { share: 0.5, slowMs: 100 }
  assert.deepEqual(telemetryIn(context, systemWith({ traces })).telemetry, {
    otlp: { url: 'http://127.0.0.1:17000', token: 'store' },
    traces,
    metricsToken: 'metrics',
  })
})

test('a release of an earlier version has the telemetry that is usual', () => {
  assert.deepEqual(telemetryIn(context, systemWith()).telemetry?.traces, defaultTelemetry.traces)
})

test('nothing is told where telemetry is off, and where no store is kept', () => {
  assert.deepEqual(telemetryIn(context, systemWith({ enabled: false })), {})
  assert.deepEqual(telemetryIn({ ...context, telemetry: null }, systemWith()), {})
})

test('the store is told every secret that may be on no line, also the password of an adopted database', () => {
  const system = systemWith({}, 'postgres://app:p%40ss@db.example/notes')
  const file = storeFileOf({ ...context, paths: {}, system } as unknown as Context, 17_000)
  assert.deepEqual(file?.secrets, ['metrics', 'store', 'p%40ss', 'p@ss'])
})

test('no store is wanted where telemetry is off', () => {
  const system = systemWith({ enabled: false })
  assert.equal(storeFileOf({ ...context, paths: {}, system } as unknown as Context, 17_000), null)
})
