import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MetricsText, type SpanSource } from '@banyan/model'
import { data, serve } from 'banyan'
import { record } from 'banyan/telemetry'
import { buildApp } from '../apps/conduit/src/app.ts'
import { watchRoutes } from '../packages/banyan/src/telemetry/framework-routes.ts'
import { ServeMetrics } from '../packages/banyan/src/telemetry/serve-metrics.ts'
import { Tracer } from '../packages/banyan/src/telemetry/tracer.ts'
import { type Watcher, watch } from '../packages/banyan/src/telemetry/watch.ts'
import { opentelemetry } from './telemetry/opentelemetry.ts'
import { promClient } from './telemetry/prom-client.ts'
import { replay } from './telemetry/replay.ts'

// Conduit in a process of its own, measured by one library, by ours, by all that the product has, or by nobody.
// With a number it is asked what so many statements per request cost the watchers of a kind, and ends.
const [kind = 'off', statements] = process.argv.slice(2)

/** A watcher, and what it answers when somebody reads. */
export type Measured = { readonly watcher: Watcher; text(): string | Promise<string> }

function own(): Measured {
  const watcher = new ServeMetrics()
  const text = (): string => {
    const all = new MetricsText()
    watcher.addTo(all)
    return all.toString()
  }
  return { watcher, text }
}

const makers: Record<string, () => Measured> = {
  metrics: own,
  promClient,
  opentelemetry: () => opentelemetry({ traces: false }),
  opentelemetryWithTraces: () => opentelemetry({ traces: true }),
}

/** Where it is read, beside the app's own port, as Prometheus does. */
async function listen({ text }: Measured): Promise<number> {
  const server = createServer(async (_request, response) => response.end(await text()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function all(): readonly Watcher[] {
  const traces = { share: 0.01, slowMs: 500 }
  // Nobody is there: what is kept, one request in a hundred, is made and given up.
  const told = { otlp: { url: 'http://127.0.0.1:9', token: 'bench' }, traces, metricsToken: '' }
  return [new ServeMetrics(), new Tracer(told, { node: 'web-1', service: 'web' } as SpanSource)]
}

if (statements !== undefined) {
  const watchers = kind === 'all' ? all() : (makers[kind]?.().watcher ?? [])
  process.send?.({ micros: replay([watchers].flat(), Number(statements)) })
  process.exit()
}

const app = buildApp(kind === 'off' ? { data } : { data, record })
const measured = makers[kind]?.() ?? null
if (measured !== null) {
  watch(measured.watcher)
  watchRoutes({ kind: 'fastify', app })
}
const { port } = await serve(app, { port: 0 })
const metricsPort = measured === null ? null : await listen(measured)
process.send?.({ port, metricsPort })
process.on('disconnect', () => process.exit())
