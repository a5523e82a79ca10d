import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProven, type Report } from '../report.ts'
import { runProof } from '../run-proof.ts'
import { builtInScenario } from '../scenarios/built-in.ts'
import { type FaultName, faultNames } from './planted-faults.ts'
import { type PlantedOptions, PlantedServer } from './planted-server.ts'
import { baseSeed } from './random.ts'

const token = 'token of the planted server'

/** The built-in scenario against a planted server, as `banyan prove` runs it. */
async function prove(
  options: Omit<PlantedOptions, 'token'>,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<{ report: Report; server: PlantedServer }> {
  const server = await new PlantedServer({ token, ...options }).start()
  try {
    const scenario = builtInScenario(token)
    const report = await runProof({ scenario, url: server.url, rate, seconds, seed: options.seed })
    return { report, server }
  } finally {
    await server.close()
  }
}

const sayFound = ({ anomalyCounts, anomalies, unverified }: Report): string =>
  JSON.stringify({
    anomalyCounts,
    unverified,
    sentences: anomalies.map(({ sentence }) => sentence),
  })

/** In which of the report's figures a fault may show. */
const shownIn: Record<FaultName, readonly (keyof Report)[]> = {
  'lose a write': ['lost'],
  'double a write': ['doubled'],
  'give a stale answer': ['staleReads'],
  'reorder two appends': ['otherAnomalies'],
  'tear a transfer': ['otherAnomalies'],
}

for (const fault of faultNames) {
  test(`a server that does ${fault} once is caught`, async () => {
    for (const seed of [baseSeed() * 100, baseSeed() * 100 + 1, baseSeed() * 100 + 2]) {
      const { report, server } = await prove(
        { seed, fault, oneIn: 100 },
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

const runs = Number(process.env.BANYAN_PROVE_RUNS ?? 10)

/** The promised size takes half a minute: the soak runs it, and every test run a fifth of it. */
const oneIn = runs >= 100 ? 10_000 : 2_000

test(`one lost write in ${oneIn} is caught`, async (t) => {
  const seed = baseSeed()
  const rate = 800
  const { report, server } = await prove(
    { seed, fault: 'lose a write', oneIn },
    { rate, seconds: (oneIn * 2.2) / rate },
  )
  const found = `seed ${seed}, planted ${server.planted}: ${sayFound(report)}`
  t.diagnostic(`${report.acknowledgedWrites} writes, ${server.planted.length} of them lost`)
  assert.ok(Number(report.acknowledgedWrites) > oneIn, found)
  assert.ok(server.planted.length > 0, found)
  assert.ok(Number(report.lost) > 0, found)
})

test(`a correct server that is killed again and again is never accused, in ${runs} seeded runs`, async (t) => {
  const troubles = { cutBefore: 0, cutAfter: 0, late: 0, refused: 0, unknown: 0, kills: 0 }
  let unknown = 0
  for (let seed = baseSeed() * 1_000, last = seed + runs; seed < last; seed += 1) {
    const { report, server } = await prove({ seed, troubleMs: 1_500 }, { rate: 300, seconds: 1.5 })
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
