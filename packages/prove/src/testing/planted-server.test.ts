import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProven, type Report } from '../report.ts'
import { type FaultName, faultNames } from './planted-faults.ts'
import { provePlanted, runsWanted, sayFound } from './prove-planted.ts'
import { baseSeed } from './random.ts'

/** In which of the report's figures a fault may show. */
const shownIn: Record<FaultName, readonly (keyof Report)[]> = {
  'lose a write': ['lost'],
  'double a write': ['doubled'],
  'give a stale answer': ['staleReads'],
  'reorder two appends': ['otherAnomalies'],
  'tear a transfer': ['lost'],
}

for (const fault of faultNames) {
  test(`a server that does ${fault} once is caught`, async () => {
    for (const seed of [baseSeed() * 100, baseSeed() * 100 + 1, baseSeed() * 100 + 2]) {
      const { report, server } = await provePlanted(
        { seed, fault, oneIn: 50 },
        { rate: 300, seconds: 1.5 },
      )
      const found = `seed ${seed}, planted ${server.planted}: ${sayFound(report)}`
      assert.ok(server.planted.length > 0, `something was planted, ${found}`)
      assert.equal(isProven(report), false, found)
      assert.ok(
        shownIn[fault].some((figure) => Number(report[figure]) > 0),
        found,
      )
    }
  })
}

/** The promised size takes half a minute: the soak runs it, and every test run a fifth of it. */
const oneIn = runsWanted() >= 100 ? 10_000 : 2_000

test(`one lost write in ${oneIn} is caught`, async (t) => {
  const seed = baseSeed()
  const rate = 800
  const { report, server } = await provePlanted(
    { seed, fault: 'lose a write', oneIn },
    { rate, seconds: (oneIn * 2.2) / rate },
  )
  const found = `seed ${seed}, planted ${server.planted}: ${sayFound(report)}`
  t.diagnostic(`${report.acknowledgedWrites} writes, ${server.planted.length} of them lost`)
  assert.ok(Number(report.acknowledgedWrites) > oneIn, found)
  assert.ok(server.planted.length > 0, found)
  assert.ok(Number(report.lost) > 0, found)
})
