import type { Lsn, MemberFacts } from '@banyan/postgres'

/** Where a member listens, for the members that follow it. */
export type MemberPlace = {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** Whose confirmation the commits of a primary wait for. */
export type Confirming =
  | { readonly kind: 'nobody' }
  /** `quorum` of these. Of an empty list: nobody has that name, so that commits wait until somebody is there. */
  | { readonly kind: 'any'; readonly quorum: number; readonly names: readonly string[] }

/** What a member is to be from its next start, promotion or reload on. */
export type Role =
  | { readonly kind: 'primary'; readonly confirming: Confirming }
  | { readonly kind: 'replica'; readonly of: MemberPlace }

/** What a primary says of a member that follows it. */
export type Follower = {
  readonly name: string
  readonly streaming: boolean
  readonly flushLsn: Lsn
}

/** What a member answers when it is asked. */
export type MemberAnswer = MemberFacts & {
  /** Of a replica: that it gets WAL from the server of this place now; null where it gets none. */
  readonly follows: { readonly host: string; readonly port: number } | null
  /** Of a primary. */
  readonly followers: readonly Follower[]
}

/** `dead`: no process of it is left. `frozen`: all of them stand still (SIGSTOP) and could wake. */
export type Life = 'running' | 'frozen' | 'dead'

/**
 * What can be done to one member of a shard, wherever it runs. Every call may be made again after an
 * interruption at any moment, and rejects when it could not be done.
 */
export type Member = {
  readonly place: MemberPlace
  look(): Promise<Life>
  /** Asks the server; null when it gives no answer within the time. */
  ask(timeoutMs: number): Promise<MemberAnswer | null>
  /** Ends every process of it, also frozen and orphaned ones; returns when it is proven dead. */
  fence(): Promise<void>
  /** Starts it in this role; returns when it accepts connections. It does not run. */
  start(role: Role): Promise<void>
  /** A replica becomes the primary; returns when it is out of recovery, with a slot for each of its followers. */
  promote(confirming: Confirming, followers: readonly string[]): Promise<void>
  /** A running replica follows another one from now on, without a restart. */
  follow(primary: MemberPlace): Promise<void>
  /** A running primary waits for these from now on; returns when every commit does. */
  confirm(confirming: Confirming): Promise<void>
  /** A running primary writes its term; returns when those who confirm have it. */
  writeTerm(term: number): Promise<void>
  /** Has the primary write what is only in memory, so that its stop is short. */
  checkpoint(): Promise<void>
  /**
   * Stops a primary in order: what was sent is sent to `heir`, and nobody else is waited for. Gives the
   * position of the shutdown record; null when there is none (it had to be ended harder).
   */
  stopFor(heir: string): Promise<Lsn | null>
  /** Deletes its copy and makes it anew from the primary. It does not run, before and after. */
  rebuild(primary: MemberPlace, signal: AbortSignal): Promise<void>
}
