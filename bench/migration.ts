// A million rows get another column, an index and their values in batches, and lose the old column, in two
// releases under the prover. Against the same load without, and during a release of code alone.
// usage: node bench/migration.ts [--rows 1000000] [--rate 300] [--rungs balanced] [--seconds 20] [--batch 1000]
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  contracting,
  countFilled,
  expanding,
  releaseFiles,
  seedNotes,
} from '../tests/cluster/support/big-migration.ts'
import { type Proof, proveDuring } from '../tests/cluster/support/climbs.ts'
import { startReleaseSystem } from '../tests/cluster/support/releases.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '300' },
    rungs: { type: 'string', default: 'balanced' },
    seconds: { type: 'string', default: '20' },
    batch: { type: 'string', default: '1000' },
  },
})
const rows = Number(values.rows)
const seconds = Number(values.seconds)

const figuresOf = ({ sent, failed, lost, doubled, staleReads, ...rest }: Proof) => ({
  sent,
  failed: failed.total,
  lost,
  doubled,
  staleReads,
  p50Ms: rest.p50Ms,
  p99Ms: rest.p99Ms,
  longestGapMs: rest.longestGapMs,
})

const released = await startReleaseSystem({ rungs: values.rungs })
try {
  await seedNotes(released, rows)
  const prove = async (work: () => Promise<void>) =>
    figuresOf(await proveDuring(released.system, ['--rate', values.rate], work))
  const without = await prove(async () => await sleep(seconds * 1_000))
  const ms: Record<string, number> = {}
  const code = await prove(async () => {
    ms.code = await releaseFiles(released, {}, { release: 'second' })
  })
  const migrating = await prove(async () => {
    ms.expanding = await releaseFiles(released, expanding(Number(values.batch)), {
      release: 'third',
    })
    ms.contracting = await releaseFiles(released, contracting, { release: 'fourth', notes: 'body' })
  })
  const filled = await countFilled(released)
  const ratio = (one: { p99Ms: unknown }, other: { p99Ms: unknown }) =>
    Number((Number(one.p99Ms) / Number(other.p99Ms)).toFixed(2))
  const result = {
    what: `${rows} rows migrated in releases under ${values.rate} requests per second on ${values.rungs}`,
    configuration: { rows, batch: Number(values.batch), rate: Number(values.rate), seconds },
    without,
    code,
    migrating,
    filled,
    releaseMs: ms,
    ratio: { p99: ratio(migrating, without), p99AgainstCode: ratio(migrating, code) },
  }
  console.log(JSON.stringify(result, null, 2))
} finally {
  await released.remove()
}
