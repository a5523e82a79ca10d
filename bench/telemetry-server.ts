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

// Conduit in a process of its own, which is measured by one library, by ours, by all that the product has, or by
// nobody whenever it is told so, so that one process can be compared with itself.
// With a number it is asked what so many statements per request cost the watchers of a kind, and ends.
const [kind = 'nothing', statements] = process.argv.slice(2)

/** A watcher, and what it answers when somebody reads. */
export type Measured = {
  readonly watchers: readonly Watcher[]
  text(): string | Promise<string>
}

function own(): Measured {
  const watcher = new ServeMetrics()
  const text = (): string => {
    const all = new MetricsText()
    watcher.addTo(all)
    return all.toString()
  }
  return { watchers: [watcher], text }
}

/** What the product does: the metrics above, and the spans of one request in a hundred sent to who is there. */
function all(): Measured {
  const { watchers, text } = own()
  const url = process.env.BENCH_SPANS ?? 'http://127.0.0.1:9'
  const traces = { share: 0.01, slowMs: 500 }
  const told = { otlp: { url, token: 'bench' }, traces, metricsToken: '' }
  const tracer = new Tracer(told, { node: 'web-1', service: 'web' } as SpanSource)
  return { watchers: [...watchers, tracer], text }
}

const makers: Record<string, () => Measured> = {
  nothing: () => ({ watchers: [], text: () => '' }),
  all,
  metrics: own,
  promClient,
  opentelemetry: () => opentelemetry({ traces: false }),
  opentelemetryWithTraces: () => opentelemetry({ traces: true }),
}

/** Where it is read, beside the app's own port, as Prometheus does. */
async function listen(text: Measured['text']): Promise<number> {
  const server = createServer(async (_request, response) => response.end(await text()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const { watchers, text } = (makers[kind] as () => Measured)()

if (statements !== undefined) {
  process.send?.({ micros: replay(watchers, Number(statements)) })
  process.exit()
}

let forget: readonly (() => void)[] = []

/** Sees, or does not, from now on. */
function turn(isOn: boolean): void {
  for (const one of forget) one()
  forget = isOn ? watchers.map(watch) : []
}

/** The log of a request names its trace; what happened in the app is a line of its own. */
const recordWhileOn: typeof record = (event, options) => {
  if (forget.length > 0) record(event, options)
}

const app = buildApp({ data, record: recordWhileOn })
watchRoutes({ kind: 'fastify', app })
const { port } = await serve(app, { port: 0 })
const metricsPort = await listen(text)
process.on('message', ({ isOn }: { readonly isOn: boolean }) => {
  turn(isOn)
  process.send?.({ isOn })
})
process.on('disconnect', () => process.exit())
process.send?.({ port, metricsPort })
