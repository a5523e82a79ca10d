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
  /** The process of the primary that sends to it. */
  readonly pid: number
}

/** What a member answers when it is asked. */
export type MemberAnswer = MemberFacts & {
  /**
   * Of a replica: it has read all the WAL that it holds, so that `walLsn` is everything it has. After a restart
   * that takes a while, and until then it has more than it says. (`pg_last_wal_receive_lsn() is not null`: the
   * server asks for more only when its own is used up.) True of a primary.
   */
  readonly complete: boolean
  /** Of a replica: why it can never follow again, as its server said; null where nothing of the kind is known. */
  readonly broken: string | null
  /** Of a replica: that it gets WAL from the server of this place now; null where it gets none. */
  readonly follows: { readonly host: string; readonly port: number } | null
  /** Of a primary. */
  readonly followers: readonly Follower[]
  /** Of a replica: it has slots for followers. They keep WAL here, and old rows on the primary. */
  readonly prepared: boolean
}

/**
 * - `dead`: no process has its working directory in the data directory.
 * - `orphaned`: its postmaster is gone, and others of it are left, which may still acknowledge.
 * - `frozen`: its postmaster stands still (SIGSTOP), or all of them; they could wake.
 */
export type Life = 'running' | 'frozen' | 'orphaned' | 'dead'

/**
 * What can be done to one member of a shard, wherever it runs. Every call may be made again after an
 * interruption at any moment, and rejects when it could not be done. Every call comes to an end by itself,
 * whatever the member does; `fence` may be called while another call is under way, which then rejects.
 */
export type Member = {
  readonly place: MemberPlace
  look(): Promise<Life>
  /** Asks the server; null when it gives no answer within the time. */
  ask(timeoutMs: number): Promise<MemberAnswer | null>
  /** Ends every process of it, also frozen and orphaned ones; returns when it is proven dead. Cheap when it is. */
  fence(): Promise<void>
  /**
   * Starts it in this role; returns when it accepts connections. It does not run. A member that has been
   * promoted may be started as a replica: it then waits in recovery, at the end of its own timeline.
   */
  start(role: Role): Promise<void>
  /** A replica becomes the primary; returns when it is out of recovery, with a slot for each of its followers. */
  promote(confirming: Confirming, followers: readonly string[]): Promise<void>
  /** A running replica follows another one from now on, without a restart. */
  follow(primary: MemberPlace): Promise<void>
  /** A running primary waits for these from now on; returns when every commit does. */
  confirm(confirming: Confirming): Promise<void>
  /**
   * A running primary writes its term; returns when those who confirm have it, and rejects after 2 s. What was
   * left by a try that was given up proves nothing: each try commits something of its own and waits for it.
   */
  writeTerm(term: number): Promise<void>
  /**
   * Has a running member write what is only in memory, and make ahead what its stop needs, so that this is short; a
   * replica what the stop of its primary sends it.
   */
  checkpoint(): Promise<void>
  /**
   * Makes ahead on a running replica what it needs when it takes over: a slot for each of its followers, who may
   * follow it from then on.
   */
  prepare(followers: readonly string[]): Promise<void>
  /** Takes that back on a replica that does not take over, and sends away whoever follows it. */
  unprepare(): Promise<void>
  /**
   * Stops a primary in order: what was sent is sent to `heir`, and nobody else is waited for. Gives the
   * position where the shutdown record begins (who has *replayed* beyond it has everything); null when there is
   * none, because it had to be ended harder. It is dead afterwards, or the call rejects. `hasAll` tells whether
   * the heir has the record: what is left of the old server by then is ended at once.
   */
  stopFor(heir: string, hasAll: (record: Lsn) => Promise<boolean>): Promise<Lsn | null>
  /**
   * Deletes its copy and makes it anew from the primary. It does not run, before and after. An interruption
   * leaves nothing, or the whole copy.
   */
  rebuild(primary: MemberPlace, signal: AbortSignal): Promise<void>
}
