import type { System, Topology } from '@banyan/model'
import { connectionsLeast, fitsIn } from '../drivers/connections.ts'
import { type Context, countServices, leastOf } from './context.ts'

/** Each process needs its connections to every server, also while a release runs it twice. */
export function roomForProcesses(
  { learned, topology }: Pick<Context, 'learned' | 'topology'>,
  goal: Topology,
  system: System,
): string[] {
  const { connections } = learned
  if (connections === null || system.data === null) return []
  const processes = countServices(goal)
  const least = leastOf(system, learned)
  const isMore = processes > countServices(topology)
  // What runs already, and what is given up, is no reason to stay where one is.
  if (!isMore || least === connectionsLeast.alone) return []
  if (fitsIn(connections, processes, least)) return []
  return [
    `${processes} processes of services would need ${least} connections each to every server of the database, twice during a release, and it lets in ${connections}: put services together, or raise max_connections where it is yours to raise.`,
  ]
}
