import type { System } from './system.ts'
import type { BalancerName, Host, Size } from './topology.ts'

/** What a topology is built on: the system, the machine, and the addresses that were found free on it. */
export type Ground = {
  readonly system: System
  /** What the machine has. */
  readonly machine: Size
  /** In the order in which they are used. The first one has the public address; a rung takes as many as it needs. */
  readonly hosts: readonly Host[]
  /**
   * Ports by the name of the node; a node without one gets a free one when it starts, and has 0 here.
   * A node that exists keeps its port for as long as nobody else has it.
   */
  readonly ports: Readonly<Record<string, number>>
  /** The services that are known to take no passed socket: they stand behind a gateway on every rung. */
  readonly plain: readonly string[]
  /** What stands at the entry, where something has to. */
  readonly balancer: BalancerName
  /** Nothing is measured while this runs, whatever the config says. Absent: as the config says. */
  readonly unmeasured?: boolean
}
