import type { Node } from '@banyan/model'
import type { MemberState } from '../engines/adopted/seen-members.ts'
import type { ProcessIdentity } from '../sites/identity.ts'
import type { Exit } from '../sites/site.ts'
import type { NodeFacts, Situation } from './situation.ts'

/** A node's process, as it was found or started. */
export type Presence = {
  /** Null for a server that somebody else runs, wherever it does. */
  readonly identity: ProcessIdentity | null
  /** Wall clock, for people. */
  readonly startedAt: string
  /** Null where somebody else is its parent, and only looking tells that it ended. */
  readonly exit: Promise<Exit> | null
}

export type Probe = { readonly ready: true } | { readonly ready: false; readonly missing: string }

/** What keeping a node running takes, whatever its engine is. */
export type NodeDriver = {
  readonly node: Node
  readonly logFile: string
  readonly startTimeoutMs: number
  /** The release that it runs; absent for what runs no code of the app. */
  readonly release?: string
  /** Whether one that exits before it was ready waits to be asked for again. Default: it is started again. */
  readonly waitsAfterCrash?: boolean
  /** What runs already and fits; what runs and does not fit any more is stopped. */
  find(): Promise<Presence | null>
  start(signal: AbortSignal): Promise<Presence>
  isRunning(presence: Presence): Promise<boolean>
  probe(presence: Presence): Promise<Probe>
  /** Returns when nothing of the node is left. */
  stop(): Promise<void>
  /** Whether it was given the public socket and turned out to listen on its port alone. */
  isPlain?(): boolean
  /** Whether `serve` has answered in it, which then says its metrics too. */
  isServe?(): boolean
  /** SIGKILL, as a fault on purpose. */
  kill(): Promise<void>
  /** Stops every process of the node where it stands (SIGSTOP), as a fault on purpose. */
  pause(): Promise<void>
  /** Lets all of them go on. */
  resume(): Promise<void>
  /** Whether it stands still. Absent: it never does. */
  isPaused?(presence: Presence): Promise<boolean>
  /** The servers that the node stands for, where it stands for several. */
  members?(): readonly MemberState[]
  /** Its situation in one sentence, where that of other nodes would be untrue; null where it would not. */
  say?(situation: Situation, facts: NodeFacts): string | null
}
