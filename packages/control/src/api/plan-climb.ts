import {
  describeStep,
  emptyTopology,
  findRungs,
  plan,
  type State,
  type StepDescription,
  simulate,
  type Topology,
} from '@banyan/model'
import { desiredTopology } from '../climb/ground.ts'
import { loadSystem } from '../config/load-system.ts'
import { checkSameDatabase } from '../engines/adopted/same-database.ts'
import { checkSystemName, inspectStateDirectory } from '../state/directory.ts'
import { readJson } from '../state/files.ts'
import { statePaths } from '../state/paths.ts'
import { ControlClient } from './control-client.ts'
import { choosePlace } from './prepare-up.ts'

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
}): Promise<PlannedClimb> {
  const paths = statePaths(options.directory)
  const marker = await inspectStateDirectory(paths)
  const topology = (await readJson<Topology>(paths.topology)) ?? emptyTopology
  const wanted = [...topology.rungs, ...options.rungs]
  const to = findRungs(wanted.length > 0 ? wanted : ['single']).map(({ name }) => name)
  const system = await loadSystem(options.config)
  checkSystemName(paths, marker, system.name)
  checkSameDatabase(system, topology)
  const settings = { rungs: to, ...(await choosePlace(paths, { host: null, port: null })) }
  const desired = await desiredTopology(paths, system, settings, topology)
  let state: State = await stateOf(paths, topology)
  const release = 'r1'
  const steps = plan(state, { topology: desired, release, power: 'on' }).map((step) => {
    const description = describeStep(state, step)
    state = simulate(state, step)
    return description
  })
  return { from: topology.rungs, to, steps }
}

/** What runs is asked of control; without it nothing is relied on. */
async function stateOf(paths: ReturnType<typeof statePaths>, topology: Topology): Promise<State> {
  const status = await (await ControlClient.find(paths))?.status().catch(() => null)
  if (status == null) return { topology, running: [], migrated: null, admitted: [] }
  const running = status.nodes
    .filter(({ health }) => health === 'healthy')
    .map(({ name, tier }) => ({ node: name, release: tier === 'data' ? null : status.release }))
  return { topology, running, migrated: status.release, admitted: [] }
}
