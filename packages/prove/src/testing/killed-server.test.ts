import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProven } from '../report.ts'
import { provePlanted, runsWanted, sayFound } from './prove-planted.ts'
import { baseSeed } from './random.ts'

const runs = runsWanted()

test(`a correct server that is killed again and again is never accused, in ${runs} seeded runs`, async (t) => {
  const troubles = { cutBefore: 0, cutAfter: 0, late: 0, refused: 0, unknown: 0, kills: 0 }
  let unknown = 0
  for (let seed = baseSeed() * 1_000, last = seed + runs; seed < last; seed += 1) {
    const { report, server } = await provePlanted(
      { seed, troubleMs: 1_500 },
      { rate: 300, seconds: 1.5 },
    )
    assert.ok(isProven(report), `seed ${seed}: ${sayFound(report)}`)
    assert.ok(Number(report.acknowledgedWrites) > 50, `seed ${seed}: too little was done`)
    unknown += report.unknownOutcome
    for (const way of Object.keys(troubles) as (keyof typeof troubles)[]) {
      troubles[way] += server.troubles[way]
    }
  }
  t.diagnostic(`${JSON.stringify(troubles)}, ${unknown} outcomes unknown`)
  for (const [way, times] of Object.entries(troubles)) assert.ok(times > 0, `never ${way}`)
  assert.ok(unknown > 0)
})
