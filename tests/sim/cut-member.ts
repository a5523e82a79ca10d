import type { Member } from '../../packages/control/src/shard/member.ts'
import type { Control } from './fake-member.ts'
import type { FakeServer } from './fake-server.ts'

const patienceMs = 1_000

/**
 * A member behind a network that can be cut between it and control, one way or both. Its processes and files are of
 * the same machine as control: to look, to end, to start and to copy asks for no network.
 */
export function throughNetwork(member: Member, server: FakeServer, control: Control): Member {
  const { world } = server
  const wait = async (milliseconds: number) => {
    await world.sleep(milliseconds)
    if (!control.alive) await new Promise<never>(() => {})
  }
  const lost = async (): Promise<never> => {
    await wait(patienceMs)
    throw new Error(`${server.name} gives no answer in time.`)
  }
  /** What has arrived is done, also when nobody hears of it. */
  const send = async <T>(call: () => Promise<T>): Promise<T> => {
    if (server.cut === 'questions') return await lost()
    const answer = await call()
    return server.cut === null ? answer : await lost()
  }
  return {
    place: member.place,
    look: () => member.look(),
    fence: () => member.fence(),
    start: (role) => member.start(role),
    rebuild: (primary, signal) => member.rebuild(primary, signal),
    ask: async (timeoutMs) => {
      if (server.cut !== null) return await wait(timeoutMs).then(() => null)
      const answer = await member.ask(timeoutMs)
      return server.cut === null ? answer : null
    },
    promote: (confirming, followers) => send(() => member.promote(confirming, followers)),
    follow: (primary) => send(() => member.follow(primary)),
    confirm: (confirming) => send(() => member.confirm(confirming)),
    writeTerm: (term) => send(() => member.writeTerm(term)),
    checkpoint: () => send(() => member.checkpoint()),
    prepare: (followers) => send(() => member.prepare(followers)),
    unprepare: () => send(() => member.unprepare()),
    stopFor: (...words) => send(() => member.stopFor(...words)),
  }
}
