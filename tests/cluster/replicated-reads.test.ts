import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from './support/banyan.ts'
import { type ClimbSystem, type Proof, proveDuring } from './support/climbs.ts'
import { delayReplay } from './support/delay-replay.ts'
import { assertNoAnomaly } from './support/proofs.ts'
import type { ReleaseSystem } from './support/releases.ts'
import {
  askMember,
  membersIn,
  primaryOf,
  shardIn,
  startShardSystem,
  statusNow,
} from './support/shard-system.ts'

/*
 * Replicas answer most reads, and none of them anything that is older than what was acknowledged, whatever
 * their delay is. The clients carry no cookie: the default consistency, `strong`, has to be enough.
 */

const readsWanted = Number(process.env.BANYAN_STRONG_READS ?? '1500')
const rate = Number(process.env.BANYAN_READ_RATE ?? '120')

/**
 * The part of the reads that replicas have to answer while they keep up: nine of ten in a soak, which has the machine
 * to itself. Where it has more to do than it can, they do not keep up, and a read that waits in vain goes to the
 * primary.
 */
const shareMin = Number(process.env.BANYAN_READ_SHARE ?? '0.6')

/** Of the actions of the app's scenario. */
const shareOfReads = 0.6

describe('reads on replicas', { timeout: 3_600_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startShardSystem()
  })
  after(async () => await released?.remove())

  it('answer most reads while they keep up, and nothing stale', async (context) => {
    const share = await shareOnReplicas(released.system, async () => {
      await readALot(context, released.system)
    })
    context.diagnostic(`${Math.round(share * 1000) / 10} % of the reads on replicas`)
    assert.ok(share >= shareMin, `${share} of the reads on replicas`)
  })

  it('answer nothing stale while one of them is 5 s behind', async (context) => {
    const { system } = released
    const [delayed = ''] = shardIn(await statusNow(system)).confirming
    await delayReplay(system, delayed, '5s')
    try {
      const share = await shareOnReplicas(system, async () => {
        const proof = readALot(context, system)
        await isBehind(system, delayed)
        await proof
      })
      context.diagnostic(
        `${delayed} was 5 s behind; ${Math.round(share * 1000) / 10} % on replicas`,
      )
    } finally {
      await delayReplay(system, delayed, null)
    }
  })

  it('answer nothing stale while all of them are 5 s behind', async (context) => {
    const { system } = released
    const { confirming } = shardIn(await statusNow(system))
    for (const name of confirming) await delayReplay(system, name, '5s')
    try {
      await readALot(context, system)
    } finally {
      for (const name of confirming) await delayReplay(system, name, null)
    }
  })
})

async function readALot(context: TestContext, system: ClimbSystem): Promise<void> {
  const seconds = readsWanted / (rate * shareOfReads)
  const words = ['--rate', String(rate)]
  const proof = await proveDuring(system, words, async () => await sleep(seconds * 1_000))
  const { sent, p50Ms, p99Ms, staleReads, failed } = proof
  const reads = readsOf(proof)
  context.diagnostic(`figures: ${JSON.stringify({ reads, sent, p50Ms, p99Ms, staleReads })}`)
  assertNoAnomaly({ app: proof, histories: proof })
  assert.equal(failed.total, 0, JSON.stringify(failed))
  assert.ok(reads >= readsWanted * 0.8, `only ${reads} reads`)
}

function readsOf({ actions }: Proof): number {
  const all = actions as readonly { readonly kind: string; readonly started: number }[]
  return all.filter(({ kind }) => kind === 'read').reduce((sum, { started }) => sum + started, 0)
}

/**
 * The part of all reads of entries that replicas did meanwhile. To add an entry scans nothing; to write a note does:
 * `on conflict` looks whether it is there, on the primary, which would count as a read of every fourth one.
 */
async function shareOnReplicas(system: ClimbSystem, work: () => Promise<void>): Promise<number> {
  const names = membersIn(await statusNow(system)).map(({ name }) => name)
  const primary = await primaryOf(system)
  const before = await scansOf(system, names)
  await work()
  // A backend tells what it has done once in a while.
  await sleep(2_000)
  const after = await scansOf(system, names)
  const done = names.map((name) => (after.get(name) ?? 0) - (before.get(name) ?? 0))
  const all = done.reduce((sum, scans) => sum + scans, 0)
  return 1 - (done[names.indexOf(primary)] ?? 0) / all
}

async function scansOf(system: ClimbSystem, names: readonly string[]) {
  const scans = new Map<string, number>()
  for (const name of names) {
    const [row] = await askMember<{ scans: string }>(system, name, scansSql)
    scans.set(name, Number(row?.scans))
  }
  return scans
}

const scansSql = `
  select coalesce(sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)), 0)::text as scans
  from pg_stat_user_tables where relname = 'entries'`

async function isBehind(system: ClimbSystem, name: string): Promise<void> {
  await eventually(async () => {
    const [row] = await askMember<{ behind: boolean }>(
      system,
      name,
      'select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() as behind',
    )
    return row?.behind === true || null
  })
}
