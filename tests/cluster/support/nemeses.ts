import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PlantedFault } from '@banyan/postgres'
import type { ClimbSystem } from './climbs.ts'
import { delayReplay } from './delay-replay.ts'
import {
  askMember,
  membersIn,
  processesOf,
  shardIn,
  signalMember,
  statusNow,
  whole,
} from './shard-system.ts'

/**
 * For each planted fault what has to happen for it to do harm, under load. A system without the fault comes
 * through all of them unharmed, which is shown as well: else it would be the nemesis that is found.
 */
export const nemeses: Readonly<Record<PlantedFault, (system: ClimbSystem) => Promise<void>>> = {
  'asynchronous-commit': async (system) => await loseWhatReplicasLack(system, 'all of them'),
  'promotes-lagging': async (system) => await loseWhatReplicasLack(system, 'one of them'),
  'equal-terms': promoteBehindTheBack,
  'ignores-lsn': readFromThePast,
  'leaves-orphans': wakeOrphans,
  'retries-commit': interruptCommits,
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
  const control = await system.pidOf('control')
  process.kill(control, 'SIGSTOP')
  try {
    await Promise.all(replicas.map((name) => askMember(system, name, 'select pg_promote()')))
    await sleep(3_000)
  } finally {
    process.kill(control, 'SIGCONT')
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
 * The primary's postmaster dies while a backend of it is busy, which notices nothing; those that wait for a replica, and
 * those that send to one, stand still. Once somebody was chosen to be promoted they wake, send what they have to the
 * replica that was not chosen, and acknowledge it. The postmaster of that one stands still for a moment, or it
 * would follow the new primary already.
 */
async function wakeOrphans(system: ClimbSystem): Promise<void> {
  const { primary, replicas } = await rolesIn(system)
  const isBusy = 'select count(*) from generate_series(1, 40000000)'
  const busy = askMember(system, primary, isBusy).catch(() => null)
  await sleep(100)
  const senders = await pidsWhere(system, primary, "backend_type = 'walsender'")
  signalAll(senders, 'SIGSTOP')
  await sleep(150)
  const waiting = await pidsWhere(system, primary, "wait_event = 'SyncRep'")
  signalAll(waiting, 'SIGSTOP')
  const chosen = untilChosen(system, 5_000)
  await signalMember(system, primary, 'SIGKILL', 'postmaster')
  const to = await chosen
  const [other] = replicas.filter((name) => name !== to)
  if (to !== null && other !== undefined) {
    await signalMember(system, other, 'SIGSTOP', 'postmaster')
    signalAll(senders, 'SIGCONT')
    await sleep(50)
    signalAll(waiting, 'SIGCONT')
    await sleep(300)
    await signalMember(system, other, 'SIGCONT', 'postmaster')
  }
  signalAll([...senders, ...waiting], 'SIGCONT')
  await busy
}

async function pidsWhere(system: ClimbSystem, node: string, condition: string): Promise<number[]> {
  const sql = `select pid from pg_stat_activity where ${condition}`
  return (await askMember<{ pid: number }>(system, node, sql)).map(({ pid }) => pid)
}

/** Whom control has decided to promote, as soon as it is written down; null when nobody is in that time. */
async function untilChosen({ state }: ClimbSystem, timeoutMs: number): Promise<string | null> {
  const until = performance.now() + timeoutMs
  while (performance.now() < until) {
    const text = await readFile(join(state, 'shard-1.json'), 'utf8').catch(() => '')
    const [, to = null] = /"to":\s*"([^"]+)"/.exec(text) ?? []
    if (to !== null) return to
    await sleep(1)
  }
  return null
}

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
