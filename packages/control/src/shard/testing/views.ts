import type { MemberAnswer } from '../member.ts'
import { firstRecord, type ShardRecord } from '../record.ts'
import type { MemberView, ShardView } from '../view.ts'

/** What the tests of the decisions make a view of: three members, of which db-1 is open and the others follow. */

const answers: MemberAnswer = {
  systemIdentifier: '1',
  inRecovery: true,
  term: 1,
  timeline: null,
  walLsn: 100n,
  replayLsn: 100n,
  complete: true,
  broken: null,
  follows: { host: 'db-1', port: 5_432 },
  followers: [],
  prepared: false,
}

export const replica = (name: string, changes: Partial<MemberView> = {}): MemberView => ({
  name,
  place: { name, host: name, port: 5_432 },
  life: 'running',
  lifeForMs: 60_000,
  answer: answers,
  silentForMs: 0,
  unanswered: 0,
  awayForMs: 0,
  busy: null,
  pauseMs: 0,
  toldForMs: null,
  vain: null,
  copyPauseMs: 0,
  ...changes,
})

export const replicaAt = (name: string, walLsn: bigint): MemberView =>
  replica(name, { answer: { ...answers, walLsn, replayLsn: walLsn } })

export const dead = (name: string, changes: Partial<MemberView> = {}): MemberView =>
  replica(name, { life: 'dead', answer: null, ...changes })

/** An open primary, whom these follow and have told of so much. */
export const primary = (name: string, flushed: Readonly<Record<string, bigint>>): MemberView =>
  replica(name, {
    answer: {
      ...answers,
      inRecovery: false,
      timeline: 1,
      follows: null,
      followers: Object.entries(flushed).map(([follower, flushLsn]) => ({
        ...{ name: follower, streaming: true, flushLsn, pid: 1 },
      })),
    },
  })

export const whole: ShardRecord = {
  ...firstRecord,
  primary: 'db-1',
  confirming: ['db-2', 'db-3'],
  wanted: ['db-1', 'db-2', 'db-3'],
}

export const view = (changes: Partial<ShardView> = {}): ShardView => ({
  record: whole,
  settings: { quorum: 1, durability: 'required', replicated: true },
  members: [primary('db-1', { 'db-2': 100n, 'db-3': 100n }), replica('db-2'), replica('db-3')],
  main: null,
  fenced: new Set(),
  inForce: { confirming: { kind: 'any', quorum: 1, names: ['db-2', 'db-3'] }, sinceLsn: 90n },
  termWritten: 1,
  downForMs: 0,
  dampMs: 0,
  ...changes,
})

/** The primary is dead and was ended by us. */
export const down = (others: readonly MemberView[], changes: Partial<ShardView> = {}): ShardView =>
  view({
    members: [dead('db-1'), ...others],
    fenced: new Set(['db-1']),
    inForce: null,
    downForMs: 100,
    ...changes,
  })
