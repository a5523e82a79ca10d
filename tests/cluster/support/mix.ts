import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClimbReport, Status, SwitchoverReport } from '@banyan/control/api'
import type { Random } from '../../../apps/conduit/src/seed/random.ts'
import { killPrimary, type MemberFault, oneMissing, twoMissing } from './member-faults.ts'
import type { ReleaseSystem } from './releases.ts'
import { shardIn, statusNow, whole } from './shard-system.ts'

/** One thing that happens to a system in a soak. */
export type Event = {
  readonly name: string
  /** How often, beside the others. */
  readonly weight: number
  happens(released: ReleaseSystem, random: Random): Promise<string>
}

const ofMember = (fault: MemberFault, weight: number): Event => ({
  name: fault.name,
  weight,
  happens: async ({ system }, random) => {
    // With one member there is nobody who could be missing besides.
    const { confirming } = shardIn(await statusNow(system))
    return await (confirming.length < 2 ? killPrimary : fault).inflict(system, random)
  },
})

const killControl: Event = {
  name: 'SIGKILL of control',
  weight: 2,
  happens: async ({ system }) => {
    const pid = await system.pidOf('control')
    process.kill(pid, 'SIGKILL')
    return `SIGKILL of control (${pid})`
  },
}

const killNode = (node: string): Event => ({
  name: `SIGKILL of ${node}`,
  weight: 1,
  happens: async ({ system }) => {
    const { nodes } = await statusNow(system)
    const name = nodes.some((found) => found.name === node) ? node : 'web-1'
    await system.json('kill', name)
    return `SIGKILL of ${name}`
  },
})

const switchover: Event = {
  name: 'switchover',
  weight: 3,
  happens: async ({ system }) => {
    const { confirming } = shardIn(await statusNow(system))
    const report = await system.json<SwitchoverReport & { error?: unknown }>('switchover')
    // Alone, a server has nobody to give the writes to.
    if (confirming.length === 0) assert.ok(report.error !== undefined, JSON.stringify(report))
    else assert.equal(report.error, undefined, JSON.stringify(report))
    return confirming.length === 0 ? 'switchover, refused' : report.sentence
  },
}

let releases = 0

const release: Event = {
  name: 'release',
  weight: 2,
  happens: async ({ app, system, release: bring }) => {
    await whole(system)
    releases += 1
    await app.become({ release: `mixed-${releases}` })
    return sayReport(await bring())
  },
}

const climb: Event = {
  name: 'climb',
  weight: 3,
  happens: async ({ system }, random) => {
    const { rungs } = await whole(system)
    return sayReport(await climbFrom(system, rungs, random))
  },
}

/** The climb is finished or taken back, whatever happens meanwhile. */
const climbUnderFault: Event = {
  name: 'climb under a fault',
  weight: 3,
  happens: async (released, random) => {
    const { system } = released
    const { rungs } = await whole(system)
    const faults = [killControl, ofMember(killPrimary, 1), killNode('web-2')]
    const fault = faults[random.below(faults.length)] ?? killControl
    const [afterMs, during] = [random.below(2_500), random]
    const happens = sleep(afterMs).then(async () => await fault.happens(released, during))
    const [report, said] = await Promise.all([climbFrom(system, rungs, random), happens])
    return `${sayReport(report)}; after ${afterMs} ms ${said}`
  },
}

const optional = ['split', 'balanced', 'replicated']

async function climbFrom(
  system: ReleaseSystem['system'],
  rungs: readonly string[],
  random: Random,
): Promise<ClimbReport> {
  const rung = optional[random.below(optional.length)] ?? 'replicated'
  const report = await system.climb(rungs.includes(rung) ? 'shrink' : 'grow', rung)
  assert.notEqual(report.outcome, 'failed', JSON.stringify(report, null, 1))
  assert.notEqual(report.outcome, undefined, JSON.stringify(report))
  return report
}

const sayReport = ({ direction, from, to, outcome, totalMs, ...report }: ClimbReport) =>
  `${direction} from ${from} to ${to}: ${outcome} in ${totalMs} ms, ${report.requests?.failed} failed, ` +
  `longest write pause ${report.longestWritePauseMs} ms. ${report.reason?.message.split('\n')[0] ?? ''}`

export const events: readonly Event[] = [
  ...oneMissing.map((fault) => ofMember(fault, 2)),
  ...twoMissing.map((fault) => ofMember(fault, 1)),
  killControl,
  killNode('gateway-1'),
  killNode('web-2'),
  switchover,
  release,
  climb,
  climbUnderFault,
]

export function chooseEvent(random: Random): Event {
  const all = events.reduce((sum, { weight }) => sum + weight, 0)
  let left = random.below(all)
  for (const event of events) {
    if (left < event.weight) return event
    left -= event.weight
  }
  return climb
}

/** Most of the time the system has three servers of data, which is where most can go wrong. */
export async function regrow({ system }: ReleaseSystem, status: Status): Promise<void> {
  if (status.rungs.includes('replicated')) return
  const report = await system.climb('grow', 'replicated')
  assert.equal(report.outcome, 'done', JSON.stringify(report, null, 1))
}
