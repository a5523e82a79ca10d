import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { Histogram } from './histogram.ts'
import { delayResolutionMs, ProcessMeter } from './process-meter.ts'
import { MetricsText } from './prometheus-text.ts'
import { processMetrics } from './telemetry-names.ts'

test("a process says everything that the list has of it, of Node's own measures", async () => {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs })
  delay.enable()
  const meter = new ProcessMeter(process, performance, delay)
  await new Promise((resolve) => setTimeout(resolve, 40))
  const until = performance.now() + 60
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 40))
  const text = new MetricsText()
  meter.addTo(text, { spans: 3, series: 0 })
  delay.disable()
  const values = new Map(
    [...text.toString().matchAll(/^([^#\s]\S*) (\S+)$/gm)].map(([, key = '', value]) => [
      key,
      Number(value),
    ]),
  )
  for (const { name } of processMetrics) {
    assert.ok(
      [...values.keys()].some((key) => key.startsWith(name)),
      name,
    )
  }
  assert.equal(values.get('banyan_telemetry_dropped_total{signal="spans"}'), 3)
  const busy = values.get('nodejs_eventloop_utilization_ratio') ?? -1
  assert.ok(busy > 0 && busy <= 1, `${busy}`)
  assert.ok((values.get('nodejs_eventloop_delay_p99_seconds') ?? 0) > 0.02)
  assert.ok((values.get('process_cpu_time_seconds_total{cpu_mode="user"}') ?? 0) > 0.01)
})

test('a value at a bound is in its bucket, as Prometheus has it', () => {
  const histogram = new Histogram([1, 2])
  for (const value of [0, 1, 1.5, 2, 3]) histogram.observe(value)
  assert.deepEqual([histogram.counts, histogram.sum], [[2, 2, 1], 7.5])
})
