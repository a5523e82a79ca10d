import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../apps/conduit/src/seed/random.ts'
import type { ClimbSystem } from './climbs.ts'
import { shardIn, signalMember, statusNow } from './shard-system.ts'

/** What is done to the servers of a shard on purpose. */
export type MemberFault = {
  readonly name: string
  /** Of three members: more than one, and nobody is promoted before one is back. */
  readonly missing: 1 | 2
  /** Ends when what was frozen is woken. */
  inflict(system: ClimbSystem, random: Random): Promise<string>
}

/** As long as a machine hangs that is not dead. */
const frozenMs = 10_000

async function victims(system: ClimbSystem, random: Random) {
  const { primary, confirming } = shardIn(await statusNow(system))
  if (primary === null) throw new Error('there is no primary to do anything to')
  const replica = confirming[random.below(Math.max(1, confirming.length))] ?? null
  return { primary, replica }
}

/** Orphans and all, or only the postmaster: its children find out later. */
const whom = (random: Random) => (random.below(2) === 0 ? 'all' : 'postmaster')

export const killPrimary: MemberFault = {
  name: 'SIGKILL of the primary',
  missing: 1,
  inflict: async (system, random) => {
    const { primary } = await victims(system, random)
    const who = whom(random)
    await signalMember(system, primary, 'SIGKILL', who)
    return `SIGKILL of ${primary} (${who})`
  },
}

export const freezePrimary: MemberFault = {
  name: 'SIGSTOP of the primary',
  missing: 1,
  inflict: async (system, random) => {
    const { primary } = await victims(system, random)
    await freeze(system, primary, frozenMs)
    return `SIGSTOP of ${primary} for ${frozenMs} ms`
  },
}

export const killReplica: MemberFault = {
  name: 'SIGKILL of a replica',
  missing: 1,
  inflict: async (system, random) => {
    const { replica } = await victims(system, random)
    if (replica === null) return 'no replica to kill'
    const who = whom(random)
    await signalMember(system, replica, 'SIGKILL', who)
    return `SIGKILL of ${replica} (${who})`
  },
}

export const freezeReplica: MemberFault = {
  name: 'SIGSTOP of a replica',
  missing: 1,
  inflict: async (system, random) => {
    const { replica } = await victims(system, random)
    if (replica === null) return 'no replica to freeze'
    await freeze(system, replica, frozenMs)
    return `SIGSTOP of ${replica} for ${frozenMs} ms`
  },
}

/** The primary and a replica at the same moment: whatever the replica alone has must not be lost. */
export const killPrimaryAndReplica: MemberFault = {
  name: 'SIGKILL of the primary and a replica',
  missing: 2,
  inflict: async (system, random) => {
    const { primary, replica } = await victims(system, random)
    const both = replica === null ? [primary] : [primary, replica]
    await Promise.all(both.map((name) => signalMember(system, name, 'SIGKILL')))
    return `SIGKILL of ${both.join(' and ')}`
  },
}

export const killReplicas: MemberFault = {
  name: 'SIGKILL of every replica',
  missing: 2,
  inflict: async (system) => {
    const { confirming } = shardIn(await statusNow(system))
    await Promise.all(confirming.map((name) => signalMember(system, name, 'SIGKILL')))
    return `SIGKILL of ${confirming.join(' and ')}`
  },
}

/** Stops a member where it stands; whatever of it is left after that time is woken. */
export async function freeze(system: ClimbSystem, name: string, ms: number): Promise<void> {
  await signalMember(system, name, 'SIGSTOP')
  try {
    await sleep(ms)
  } finally {
    // Its replacement in the same folder is not frozen, and a SIGCONT does nothing to it.
    await signalMember(system, name, 'SIGCONT')
  }
}

export const oneMissing = [killPrimary, freezePrimary, killReplica, freezeReplica] as const
export const twoMissing = [killPrimaryAndReplica, killReplicas] as const
