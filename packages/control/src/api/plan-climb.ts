import {
  describeStep,
  plan,
  refusals,
  type State,
  type StepDescription,
  simulate,
  type Topology,
  topologyOf,
} from '@banyan/model'
import { groundOf } from '../climb/ground.ts'
import { rungsAfter } from '../climb/target.ts'
import { loadSystem } from '../config/load-system.ts'
import { checkSameDatabase } from '../engines/adopted/same-database.ts'
import { type EntryRecord, readEntryRecord } from '../entry/record.ts'
import { checkSystemName, inspectStateDirectory } from '../state/directory.ts'
import { type StatePaths, statePaths } from '../state/paths.ts'
import { checkRungsKnown, readTopology } from '../state/topology-file.ts'
import { climbRefused } from './climb-errors.ts'
import { ControlClient } from './control-client.ts'
import type { ClimbRequest } from './types.ts'

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
  readonly direction?: ClimbRequest['direction']
}): Promise<PlannedClimb> {
  const { direction = 'grow', rungs } = options
  const paths = statePaths(options.directory)
  const marker = await inspectStateDirectory(paths)
  const recorded = await readTopology(paths)
  checkRungsKnown(paths, recorded)
  const to = targetOf(recorded.rungs, direction, rungs)
  const system = await loadSystem(options.config)
  checkSystemName(paths, marker, system.name)
  checkSameDatabase(system, recorded)
  const entry = await readEntryRecord(paths)
  const ground = await groundOf({ paths, system, recorded, entry })
  const reasons = refusals(to, ground)
  if (reasons.length > 0) throw climbRefused(direction, reasons)
  const desired = topologyOf(to, ground)
  let state: State = await stateOf(paths, recorded, entry)
  const release = 'r1'
  const steps = plan(state, { topology: desired, release, power: 'on' }).map((step) => {
    const description = describeStep(state, step)
    state = simulate(state, step)
    return description
  })
  return { from: recorded.rungs, to, steps }
}

/** Without a name, `plan` shows the way to what is recorded; `plan --shrink` to the rung below. */
function targetOf(
  held: readonly string[],
  direction: ClimbRequest['direction'],
  rungs: readonly string[],
): readonly string[] {
  if (direction === 'shrink' || rungs.length > 0) return rungsAfter(held, direction, rungs)
  return rungsAfter(held, 'grow', held.length > 0 ? held : ['single'])
}

/** What runs is asked of control; without it nothing is relied on. */
async function stateOf(
  paths: StatePaths,
  topology: Topology,
  { admitted }: EntryRecord,
): Promise<State> {
  const status = await (await ControlClient.find(paths))?.status().catch(() => null)
  const releases = { live: 'r1', tried: null, contracted: null, built: [] }
  if (status == null) return { topology, running: [], migrated: null, admitted, ...releases }
  const running = status.nodes
    .filter(({ health }) => health === 'healthy')
    .map(({ name }) => ({ node: name, release: releaseOf(topology, name, status.release) }))
  return { topology, running, migrated: status.release, admitted, ...releases }
}

function releaseOf({ nodes }: Topology, name: string, release: string | null): string | null {
  return nodes.find((node) => node.name === name)?.service === undefined ? null : release
}
