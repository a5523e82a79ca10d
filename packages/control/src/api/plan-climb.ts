import {
  type BalancerName,
  describeStep,
  type Goal,
  plan,
  refusals,
  type State,
  type StepDescription,
  type System,
  simulate,
  type Topology,
  topologyOf,
} from '@banyan/model'
import { groundOf } from '../climb/ground.ts'
import { leadersIn } from '../climb/state.ts'
import { rungsAfter } from '../climb/target.ts'
import { loadSystem } from '../config/load-system.ts'
import { checkSameDatabase } from '../engines/adopted/same-database.ts'
import { type EntryRecord, readEntryRecord } from '../entry/record.ts'
import { type ReleasesRecord, readReleases, withRelease } from '../releases/record.ts'
import { readSnapshot } from '../releases/snapshot/read.ts'
import { openRecord } from '../shard/record.ts'
import { checkSystemName, inspectStateDirectory } from '../state/directory.ts'
import { readJson } from '../state/files.ts'
import { type StatePaths, statePaths } from '../state/paths.ts'
import { checkRungsKnown, readTopology } from '../state/topology-file.ts'
import { climbRefused } from './climb-errors.ts'
import { ControlClient } from './control-client.ts'
import type { UpSettings } from './types.ts'

export type PlannedClimb = {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly steps: readonly StepDescription[]
}

/** The steps that a climb would take from what is there now. Nothing is done. */
export async function planClimb(options: {
  readonly config: string
  readonly directory: string
  readonly rungs: readonly string[]
  /** `shrink`: the rungs are those to give up. Default: `grow`; without rungs, as they are now. */
  readonly direction?: 'grow' | 'shrink'
  /** What is to stand at the entry. Absent: what stands there. */
  readonly balancer?: BalancerName
  /** The code as it is here is to come live, on the rungs that are reached. */
  readonly release?: boolean
}): Promise<PlannedClimb> {
  const { direction = 'grow', rungs } = options
  const paths = statePaths(options.directory)
  const marker = await inspectStateDirectory(paths)
  const recorded = await readTopology(paths)
  checkRungsKnown(paths, recorded)
  const to = targetOf(recorded.rungs, direction, rungs)
  const releases = await readReleases(paths)
  const isNew = options.release === true || releases.live === null
  const system = isNew ? await loadSystem(options.config) : await systemOfLive(paths, releases)
  checkSystemName(paths, marker, system.name)
  checkSameDatabase(system, recorded)
  const entry = await readEntryRecord(paths)
  const settings = (await readJson<Partial<UpSettings>>(paths.settings)) ?? {}
  const balancer = options.balancer ?? settings.balancer ?? 'gateway'
  const ground = await groundOf({ paths, system, recorded, entry, balancer, settings })
  const reasons = refusals(to, ground)
  if (reasons.length > 0) throw climbRefused(direction, reasons)
  const desired = topologyOf(to, ground)
  let state: State = await stateOf(paths, recorded, entry, releases)
  const goal: Goal = {
    topology: desired,
    release: isNew ? withRelease(releases, '', '').name : (releases.live ?? 'r1'),
    power: 'on',
    ...(isNew && { trial: true }),
    ...(system.services.some(({ build }) => build !== null) && { builds: true }),
  }
  const steps = plan(state, goal).map((step) => {
    const description = describeStep(state, step)
    state = simulate(state, step)
    return description
  })
  return { from: recorded.rungs, to, steps }
}

/** Without a name, `plan` shows the way to what is recorded; `plan --shrink` to the rung below. */
function targetOf(
  held: readonly string[],
  direction: 'grow' | 'shrink',
  rungs: readonly string[],
): readonly string[] {
  if (direction === 'shrink' || rungs.length > 0) return rungsAfter(held, direction, rungs)
  return rungsAfter(held, 'grow', held.length > 0 ? held : ['single'])
}

async function systemOfLive(
  paths: StatePaths,
  { live, releases }: ReleasesRecord,
): Promise<System> {
  const digest = releases.find(({ name }) => name === live)?.snapshot ?? ''
  return (await readSnapshot(paths, digest)).system
}

/** What runs is asked of control; without it nothing is relied on. */
async function stateOf(
  paths: StatePaths,
  topology: Topology,
  { admitted }: EntryRecord,
  { live, tried, contracted }: ReleasesRecord,
): Promise<State> {
  const built = live === null ? [] : [live]
  const { current } = await openRecord(paths.shard)
  const leaders = leadersIn(topology, current)
  const facts = { topology, ...leaders, admitted, live, tried, contracted, built }
  const status = await (await ControlClient.find(paths))?.status().catch(() => null)
  if (status == null) return { ...facts, running: [], migrated: null }
  const running = status.nodes
    .filter(({ health }) => health === 'healthy')
    .map(({ name, release = null }) => ({ node: name, release }))
  return { ...facts, running, migrated: status.release }
}
