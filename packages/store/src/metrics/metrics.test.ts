import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { defaultLimits } from '../store-file.ts'
import { reader, twoMetrics } from '../testing/samples.ts'
import { keptFile, temporaryFolder } from '../testing/temporary.ts'
import { Metrics } from './metrics.ts'
import { answerMetric } from './query.ts'

const begin = 1_795_300_000_000 - (1_795_300_000_000 % 600_000)
const node = { node: 'web-1' }

function open(t: TestContext, folder: string, now: number, more: { pagesMax?: number } = {}) {
  const file = keptFile(t, folder, 'metrics', more.pagesMax)
  return new Metrics(file, { ...defaultLimits, seriesPerMetric: 3 }, now)
}

/** A counter that gains ten each second, written down every five. */
function run(metrics: Metrics, from: number, seconds: number, { keep = true } = {}) {
  const { take } = reader(metrics.registry, node)
  for (let at = 0; at < seconds; at += 1) {
    const now = from + at * 1_000
    take(now, twoMetrics((now - begin) / 100, at))
    if (keep && at % 5 === 0) metrics.keep(now)
  }
}

const rate = (metrics: Metrics, from: number, to: number, stepMs: number, now: number) =>
  answerMetric(metrics, { metric: 'requests_total', fn: 'rate', from, to, stepMs }, now)

test('a rate is the same from memory, from the disk, and after a start', async (t) => {
  const folder = temporaryFolder(t)
  const metrics = open(t, folder, begin)
  const end = begin + 900_000
  run(metrics, begin, 900)
  for (const kept of [metrics, open(t, folder, end)]) {
    const { series } = await rate(kept, begin + 60_000, end - 60_000, 60_000, end)
    assert.deepEqual(
      series[0]?.values.map((value) => Math.round((value ?? 0) * 1e6) / 1e6),
      Array(13).fill(10),
    )
  }
})

test('what was written five seconds before the end is there after it, and no sample twice', async (t) => {
  const folder = temporaryFolder(t)
  run(open(t, folder, begin), begin, 130)
  const again = open(t, folder, begin + 130_000)
  const target = again.registry.targets()[0]
  assert.equal(target?.times.length, 126)
  assert.deepEqual(
    target?.times,
    target?.times.toSorted((a, b) => a - b),
  )
  run(again, begin + 130_000, 20)
  const { series } = await rate(again, begin, begin + 150_000, 150_000, begin + 150_000)
  assert.ok(Math.abs((series[0]?.values[0] ?? 0) - 10) < 0.01)
})

test('samples of every ten seconds answer for what is older than an hour', async (t) => {
  const metrics = open(t, temporaryFolder(t), begin)
  run(metrics, begin, 1_500)
  await metrics.rollUp(begin + 1_500_000)
  const later = begin + 2 * 3_600_000
  await metrics.forget(later)
  const { series } = await rate(metrics, begin, begin + 1_200_000, 60_000, later)
  assert.deepEqual(
    series[0]?.values.slice(0, 19).map((value) => Math.round(value ?? -1)),
    Array(19).fill(10),
  )
})

test('sets of labels beyond the bound are left out and counted', (t) => {
  const metrics = open(t, temporaryFolder(t), begin)
  const { take } = reader(metrics.registry, node)
  const lines = Array.from({ length: 9 }, (_, at) => `m{path="/${at}"} 1\n`).join('')
  assert.deepEqual(take(begin, `# TYPE m gauge\n${lines}`), { samples: 3, dropped: 6 })
  assert.deepEqual(take(begin + 1, `# TYPE m gauge\n${lines}`), { samples: 3, dropped: 6 })
})

test('a clock that steps back takes what seemed to come along, and nothing becomes negative', async (t) => {
  const metrics = open(t, temporaryFolder(t), begin)
  run(metrics, begin + 120_000, 30)
  const { take, target } = reader(metrics.registry, node)
  const back = begin + 100_000
  for (let at = 0; at < 30; at += 1) {
    take(back + at * 1_000, twoMetrics(2_000 + at * 10, at))
    metrics.keep(back + at * 1_000)
  }
  assert.equal(target.times.length, 30)
  const { series } = await rate(metrics, back, back + 30_000, 5_000, back + 30_000)
  assert.deepEqual(
    series[0]?.values.map((value) => Math.round(value ?? -1)),
    Array(6).fill(10),
  )
})

test('a disk that is full costs history, not what is new, and is written again once there is room', (t) => {
  const folder = temporaryFolder(t)
  const metrics = open(t, folder, begin, { pagesMax: 12 })
  const wide = Array.from({ length: 60 }, (_, at) => `m${at} `)
  const { take, target } = reader(metrics.registry, node)
  assert.throws(() => {
    for (let at = 0; at < 600; at += 5) {
      take(begin + at * 1_000, wide.map((name) => `${name}${Math.random()}\n`).join(''))
      metrics.keep(begin + at * 1_000)
    }
  }, /full/)
  assert.ok(target.times.length > 0)
  const roomy = open(t, folder, begin + 600_000)
  run(roomy, begin + 600_000, 70)
})

test('a damaged file is moved aside, and what is in memory is written into the new one', async (t) => {
  const folder = temporaryFolder(t)
  const metrics = open(t, folder, begin)
  run(metrics, begin, 10)
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), Buffer.alloc(65_536, 7))
  const again = open(t, folder, begin + 10_000)
  run(again, begin + 10_000, 70)
  assert.ok(readdirSync(folder).includes('metrics.db.damaged'))
  const { series } = await rate(again, begin + 10_000, begin + 80_000, 10_000, begin + 80_000)
  assert.equal(series[0]?.values.length, 7)
})
