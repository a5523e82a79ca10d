import type { Confirming, Member } from '../../packages/control/src/shard/member.ts'
import type { RecordStore, ShardRecord } from '../../packages/control/src/shard/record.ts'
import type { Mistake } from './simulation.ts'

/** A member with some of its calls replaced. */
const changed = (member: Member, calls: Partial<Member>): Member => ({
  place: member.place,
  look: () => member.look(),
  ask: (timeoutMs) => member.ask(timeoutMs),
  fence: () => member.fence(),
  start: (role) => member.start(role),
  promote: (confirming, followers) => member.promote(confirming, followers),
  follow: (primary) => member.follow(primary),
  confirm: (confirming) => member.confirm(confirming),
  writeTerm: (term) => member.writeTerm(term),
  checkpoint: () => member.checkpoint(),
  prepare: (followers) => member.prepare(followers),
  unprepare: () => member.unprepare(),
  stopFor: (heir, hasAll) => member.stopFor(heir, hasAll),
  rebuild: (primary, signal) => member.rebuild(primary, signal),
  ...calls,
})

type Answer = Awaited<ReturnType<Member['ask']>>

const nobody: Confirming = { kind: 'nobody' }

/** The record as somebody careless would write it. */
function careless(
  store: RecordStore,
  edit: (next: ShardRecord, last: ShardRecord) => ShardRecord,
): RecordStore {
  return {
    get current() {
      return store.current
    },
    write: (record) => store.write(edit(record, store.current)),
  }
}

/** Mistakes in the logic, or in what it stands on. Each breaks a promise, and has to be found. */
export const mistakes: Readonly<Record<string, Mistake>> = {
  'nothing is fenced': {
    member: (member) =>
      changed(member, {
        fence: async () => {},
        // It is taken for dead as soon as its postmaster is gone, or stands still.
        look: async () => {
          const life = await member.look()
          return life === 'orphaned' || life === 'frozen' ? 'dead' : life
        },
      }),
  },
  'commits wait for nobody': {
    member: (member) =>
      changed(member, {
        confirm: () => member.confirm(nobody),
        promote: (_, followers) => member.promote(nobody, followers),
        start: (role) =>
          member.start(role.kind === 'primary' ? { ...role, confirming: nobody } : role),
      }),
  },
  'the one that lags is promoted': {
    member: (member) =>
      changed(member, {
        ask: async (timeoutMs) => {
          const answer = await member.ask(timeoutMs)
          return answer?.inRecovery ? { ...answer, walLsn: 1_000_000n - answer.walLsn } : answer
        },
      }),
  },
  'a replica is believed before it has read its own WAL': {
    faults: ['kill two', 'kill all', 'slow messages'],
    member: (member) =>
      changed(member, {
        ask: async (timeoutMs) => {
          const answer = await member.ask(timeoutMs)
          return answer === null ? null : { ...answer, complete: true }
        },
      }),
  },
  'terms stay equal': {
    member: (member) => changed(member, { writeTerm: () => member.writeTerm(1) }),
  },
  'the record forgets the promotion': {
    faults: ['kill the primary', 'kill control', 'slow messages'],
    // This control knows of it, and the next finds nothing.
    record: (store) => {
      let current = store.current
      const kept = { confirming: current.confirming, quorum: current.quorum }
      return {
        get current() {
          return current
        },
        write: async (record) => {
          if (record.promotion === null) Object.assign(kept, record)
          await store.write({ ...record, ...kept, promotion: null })
          current = record
        },
      }
    },
  },
  'the record shrinks before everybody has caught up': {
    record: (store) =>
      careless(store, (next) =>
        next.confirming.length > 1 && next.promotion === null
          ? { ...next, confirming: next.confirming.slice(0, 1) }
          : next,
      ),
  },
  'the record grows from nothing at once': {
    faults: ['kill who opens', 'slow messages'],
    record: (store) =>
      careless(store, (next, last) =>
        next.promotion === null && last.promotion !== null && next.confirming.length === 0
          ? {
              ...next,
              confirming: next.wanted.filter(
                (name) => name !== next.primary && name !== last.primary,
              ),
            }
          : next,
      ),
  },
  'one answer is enough': {
    record: (store) => careless(store, (next) => ({ ...next, quorum: next.confirming.length })),
  },
  'the old primary follows with what it wrote last': {
    isStuck: true,
    faults: ['kill the primary', 'slow messages'],
    record: (store) => careless(store, (next) => ({ ...next, remake: [] })),
  },
  'positions are asked for before the primary is dead': {
    faults: ['kill the primary', 'slow messages'],
    member: (member, world) => {
      const answers: { readonly atMs: number; readonly answer: Answer }[] = []
      return changed(member, {
        ask: async (timeoutMs) => {
          const answer = await member.ask(timeoutMs)
          answers.push({ atMs: world.nowMs, answer })
          while ((answers[1]?.atMs ?? world.nowMs) < world.nowMs - 400) answers.shift()
          const old = answers[0]?.answer ?? null
          return answer?.inRecovery === true && old?.inRecovery === true ? old : answer
        },
      })
    },
  },
  'a switchover does not wait for the last of it': {
    faults: ['switchover', 'slow messages'],
    member: (member) =>
      changed(member, {
        stopFor: async () => {
          await member.fence()
          return 0n
        },
      }),
  },
}
