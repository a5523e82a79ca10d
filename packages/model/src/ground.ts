import type { System } from './system.ts'
import type { Host, Size } from './topology.ts'

/** What a topology is built on: the system, the machine, and the addresses that were found free on it. */
export type Ground = {
  readonly system: System
  /** What the machine has. */
  readonly machine: Size
  readonly host: Host
  /** Ports by the name of the node; a node without one gets a free one when it starts, and has 0 here. */
  readonly ports: Readonly<Record<string, number>>
}
