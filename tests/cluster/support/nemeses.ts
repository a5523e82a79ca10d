import { setTimeout as sleep } from 'node:timers/promises'
import type { PlantedFault } from '@banyan/postgres'
import { checkSet, type SetOperation } from '@banyan/prove/checkers'
import type { ClimbSystem } from './climbs.ts'
import { delayReplay } from './delay-replay.ts'
import {
  askMember,
  connectToMember,
  membersIn,
  processesOf,
  shardIn,
  signalMember,
  statusNow,
  whole,
} from './shard-system.ts'

/** What it does to a system; gives what the checkers say of a history of its own, where it has one. */
export type Nemesis = (system: ClimbSystem) => Promise<readonly string[]>

/**
 * For each planted fault what has to happen for it to do harm, under load. A system without the fault comes
 * through all of them unharmed, which is shown as well: else it would be the nemesis that is found.
 */
export const nemeses: Readonly<Record<PlantedFault, Nemesis>> = {
  'asynchronous-commit': unheard((system) => loseWhatReplicasLack(system, 'all of them')),
  'promotes-lagging': unheard((system) => loseWhatReplicasLack(system, 'one of them')),
  'equal-terms': unheard(promoteBehindTheBack),
  'ignores-lsn': unheard(readFromThePast),
  'leaves-orphans': outlivePostmaster,
  'retries-commit': unheard(interruptCommits),
}

/** It has no history of its own: what it does is seen by the prover's clients. */
function unheard(act: (system: ClimbSystem) => Promise<void>): Nemesis {
  return async (system) => {
    await act(system)
    return []
  }
}

type Roles = { readonly primary: string; readonly replicas: readonly string[] }

async function rolesIn(system: ClimbSystem): Promise<Roles> {
  const { primary, confirming } = shardIn(await whole(system, 120_000))
  if (primary === null) throw new Error('there is no primary')
  return { primary, replicas: confirming }
}

/** More WAL than the buffers of a connection hold: what is written after it stays on the primary. */
const wal =
  "select pg_logical_emit_message(false, 'test', repeat('x', 1048576)) from generate_series(1, 32)"

/** Replicas receive nothing for a moment, in which clients write; then the primary dies, and they go on. */
async function loseWhatReplicasLack(
  system: ClimbSystem,
  which: 'all of them' | 'one of them',
): Promise<void> {
  const { primary, replicas } = await rolesIn(system)
  const cut = which === 'all of them' ? replicas : replicas.slice(0, 1)
  const receivers = (await Promise.all(cut.map((name) => receiverOf(system, name)))).flat()
  signalAll(receivers, 'SIGSTOP')
  try {
    await askMember(system, primary, wal)
    await sleep(700)
    await signalMember(system, primary, 'SIGKILL')
  } finally {
    signalAll(receivers, 'SIGCONT')
  }
}

async function receiverOf(system: ClimbSystem, replica: string): Promise<number[]> {
  const sql = 'select pid from pg_stat_wal_receiver'
  return (await askMember<{ pid: number }>(system, replica, sql)).map(({ pid }) => pid)
}

/** Somebody promotes a replica while control looks away: two servers take writes in the same term. */
async function promoteBehindTheBack(system: ClimbSystem): Promise<void> {
  const { replicas } = await rolesIn(system)
  // The other one goes on confirming what the primary commits.
  const [promoted = ''] = replicas
  const session = await connectToMember(system, promoted)
  const control = await system.pidOf('control')
  process.kill(control, 'SIGSTOP')
  try {
    await session.query('select pg_promote()')
    await sleep(3_000)
  } finally {
    process.kill(control, 'SIGCONT')
    await session.end().catch(() => {})
  }
}

/** Replicas get everything at once, and show it seconds later. */
async function readFromThePast(system: ClimbSystem): Promise<void> {
  const { replicas } = await rolesIn(system)
  for (const name of replicas) await delayReplay(system, name, '2s')
  await sleep(3_000)
  for (const name of replicas) await delayReplay(system, name, null)
}

/** Sessions end while their commit waits for a replica: it is done, and nobody hears of it. */
async function interruptCommits(system: ClimbSystem): Promise<void> {
  const { primary, replicas } = await rolesIn(system)
  const receivers = (await Promise.all(replicas.map((name) => receiverOf(system, name)))).flat()
  signalAll(receivers, 'SIGSTOP')
  try {
    await sleep(300)
    await askMember(
      system,
      primary,
      "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'",
    )
    await sleep(100)
  } finally {
    signalAll(receivers, 'SIGCONT')
  }
}

/**
 * The primary's postmaster dies while sessions are busy, which notice nothing and acknowledge what they wrote when they
 * are through: after somebody else was promoted. What they were told is judged as the history of a set.
 */
async function outlivePostmaster(system: ClimbSystem): Promise<readonly string[]> {
  const { primary } = await rolesIn(system)
  const history: SetOperation[] = []
  const sessions = await Promise.all(
    Array.from({ length: orphans }, () => connectToMember(system, primary)),
  )
  const busy = sessions.map(async (session, process) => {
    const value = `orphan-${process}-${Date.now()}`
    const invokedMs = performance.now()
    const outcome = await session.query(busyInsert(value, firstRows * 2 ** process)).then(
      () => 'ok' as const,
      () => 'info' as const,
    )
    const completedMs = outcome === 'ok' ? performance.now() : null
    const times = { invokedMs, completedMs, outcome, index: process }
    history.push({ process, key: 'orphans', f: 'add', value, ...times })
    await session.end().catch(() => {})
  })
  await sleep(50)
  await signalMember(system, primary, 'SIGKILL', 'postmaster')
  await Promise.all(busy)
  await sleep(500)
  const { primary: heir } = await rolesIn(system)
  const invokedMs = performance.now()
  const sql = "select word from entries where user_id = 'orphans'"
  const value = (await askMember<{ word: string }>(system, heir, sql)).map(({ word }) => word)
  const times = { invokedMs, completedMs: performance.now(), outcome: 'ok' as const }
  const read = { process: orphans, index: orphans, key: 'orphans', f: 'read' as const, value }
  const { anomalies } = checkSet([...history, { ...read, ...times, final: true }])
  return anomalies.map(({ kind, sentence }) => `${kind}: ${sentence}`)
}

/** Some are through too early, some never; on any machine one is through in between. */
const orphans = 8
const firstRows = 50_000

/** What was written comes last, so that a session is still busy when it has long been without its postmaster. */
const busyInsert = (word: string, rows: number) => `
  insert into entries (user_id, word)
  select 'orphans', '${word}' from (select count(*) from generate_series(1, ${rows})) busy`

function signalAll(pids: readonly number[], signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended.
    }
  }
}

/** Wakes whatever a nemesis that failed half way has left standing still. */
export async function wakeAll(system: ClimbSystem): Promise<void> {
  for (const { name } of membersIn(await statusNow(system))) {
    signalAll(await processesOf(system, name), 'SIGCONT')
  }
}
