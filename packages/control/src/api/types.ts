import type { BalancerName, EntryRequests, NodeHealth, System, Tier } from '@banyan/model'

/** What crosses between control and those who ask it: plain data. */

export type NodeStatus = {
  readonly name: string
  readonly tier: Tier
  readonly engine: string
  readonly host: string
  readonly region: string
  readonly role: string
  readonly address: string | null
  readonly pid: number | null
  readonly health: NodeHealth
  readonly shard?: string
  /**
   * Of a replica: the bytes of WAL that it has not replayed of what the primary has written; null where one
   * of the two gives no answer. Absent for every other node.
   */
  readonly lagBytes?: number | null
  /** Of a replica: whether a commit may be waiting for it. Absent for every other node. */
  readonly confirms?: boolean
  /** The release that it runs; absent for a node that runs no code of the app. */
  readonly release?: string
  readonly uptimeMs: number | null
  readonly sentence: string
  /**
   * Of an adopted database on several servers: each of them, in the order of its URL. `banyan status` shows
   * them in place of the node. Absent for every other node.
   */
  readonly members?: readonly NodeStatus[]
}

/** A promotion that is over: the times count from the moment at which it was noticed, or asked for. */
export type PromotionStatus = {
  readonly reason: 'failover' | 'switchover' | 'accept-loss'
  readonly from: string
  readonly to: string
  readonly term: number
  readonly at: string
  /** The old primary is proven dead, or has stopped. */
  readonly fencedMs: number
  /** The new one is out of recovery. */
  readonly promotedMs: number
  /** It has written its term, and takes writes. */
  readonly writingMs: number
}

/** A shard whose servers control keeps. */
export type ShardStatus = {
  readonly name: string
  /** Who takes writes; null while nobody does. */
  readonly primary: string | null
  readonly term: number
  /** Of these, `quorum` have every commit before it is acknowledged; none below `replicated`. */
  readonly confirming: readonly string[]
  readonly quorum: number
  readonly durability: 'required' | 'preferred'
  readonly lastPromotion: PromotionStatus | null
  /** What control does about it now, or that all is well. */
  readonly sentence: string
}

/** An alert that holds, as Alertmanager says. */
export type AlertStatus = {
  /** `BanyanNodeFailed`. */
  readonly name: string
  /** `page`: somebody has to do something now. `ticket`: within days. */
  readonly severity: 'page' | 'ticket'
  readonly since: string
  readonly sentence: string
}

/** The answer of `banyan status --json`; fields may be added. */
export type Status = {
  readonly rungs: readonly string[]
  readonly version: number
  /** The live one: what `up` and every restart run. */
  readonly release: string | null
  readonly url: string | null
  /** The public ports of services with other protocols than HTTP. Absent: none. */
  readonly tcp?: readonly { readonly service: string; readonly address: string }[]
  readonly consoleUrl: string | null
  readonly climb: { readonly id: string; readonly steps: number; readonly step: number } | null
  readonly nodes: readonly NodeStatus[]
  /** Absent while there is no server of ours that has data. */
  readonly shards?: readonly ShardStatus[]
  /** The alerts that hold, the oldest first. Absent: nobody watches (`observed`), or it gives no answer. */
  readonly alerts?: readonly AlertStatus[]
  readonly sentence: string
}

/** What is asked of control: that another member takes the writes. */
export type SwitchoverRequest = {
  /** Null: whichever is best. */
  readonly to: string | null
  /** Also where acknowledged commits may be gone by it, as its `LossReport` says. Absent: that is refused. */
  readonly acceptLoss?: boolean
}

/** The answer once another member takes the writes. */
export type SwitchoverReport = {
  readonly from: string
  readonly to: string
  readonly term: number
  /** From the moment at which nobody could write to the moment at which somebody could, or to the answer. */
  readonly pauseMs: number
  readonly totalMs: number
  readonly sentence: string
}

/** What a promotion with `acceptLoss` may cost, said before anything is done. */
export type LossReport = {
  /** Who would take the writes: the one that has the most of those that answer. */
  readonly to: string
  /** Members that may have acknowledged commits that `to` lacks, and give no answer. */
  readonly missing: readonly string[]
  /** The WAL position up to which everything is kept. */
  readonly keptLsn: string
  readonly sentence: string
}

export type ErrorReport = {
  readonly code: string
  readonly message: string
  readonly hint: string | null
  readonly details: Readonly<Record<string, unknown>>
}

/** What control says of itself, in order; `sentence` is for people, alike everywhere. */
export type ControlEvent = { readonly at: string; readonly sentence: string } & (
  | {
      readonly type: 'step'
      readonly kind: string
      readonly node: string | null
      readonly step: number
      readonly steps: number
      readonly outcome: 'begun' | 'done' | 'failed'
      readonly ms: number | null
    }
  | { readonly type: 'progress' }
  | { readonly type: 'node'; readonly node: string; readonly health: NodeHealth }
  | {
      readonly type: 'ready'
      readonly url: string | null
      /** With a token for one use. Only `up` and `dev` say it, to whoever called them; control never does. */
      readonly consoleUrl?: string | null
      readonly ms: number
    }
  | { readonly type: 'failed'; readonly error: ErrorReport }
  | {
      readonly type: 'change'
      readonly outcome: 'begun' | 'done' | 'failed'
      readonly files: readonly ChangedFile[]
      /** The nodes that were started again. */
      readonly nodes: readonly string[]
      readonly ms: number | null
      readonly error: ErrorReport | null
    }
  | {
      readonly type: 'climb'
      readonly climb: string
      /** `turned`: it goes back to where it came from. */
      readonly outcome: 'begun' | 'turned' | ClimbReport['outcome']
      /** Of a climb that has ended. */
      readonly report: ClimbReport | null
    }
  /** Somebody did this to a node on purpose. */
  | {
      readonly type: 'fault'
      readonly node: string
      readonly fault: 'killed' | 'paused' | 'resumed' | 'partitioned' | 'healed'
    }
  /** Another member has taken the writes. */
  | { readonly type: 'promotion'; readonly shard: string; readonly promotion: PromotionStatus }
  | { readonly type: 'stopping' }
  | { readonly type: 'stopped' }
)

/** What is asked of control: rungs to reach or to give up, a release to bring live, or the way back to the one before. */
export type ClimbRequest = {
  readonly direction: 'grow' | 'shrink' | 'release' | 'undo'
  /** Of `grow` and `shrink`; empty for the others. */
  readonly rungs: readonly string[]
  /** What is to stand at the entry, with `grow`. Absent: what stands there, or the gateway. */
  readonly balancer?: BalancerName
  /** With `release`: the digest of a snapshot that was taken. */
  readonly snapshot?: string
  /** With `release`: also where the same snapshot is live already. Absent: that is refused. */
  readonly again?: boolean
  /**
   * The name that the climb gets, `c-…`. Whoever gave it can ask again after a control died in the
   * middle of the answer: a climb of that name is never begun twice. Absent: control makes one.
   */
  readonly climb?: string
}

/** One step of a climb as it went. */
export type ClimbedStep = {
  readonly kind: string
  readonly node: string | null
  readonly sentence: string
  /** Null when it was interrupted. */
  readonly ms: number | null
  readonly outcome: 'done' | 'failed' | 'interrupted'
}

/** Where a climb leads from or to: rungs, or the name of a release. */
export type ClimbEnd = readonly string[] | string

/** How a climb ended: the final object of `banyan grow`, `shrink`, `release` and `undo` with `--json`. */
export type ClimbReport = {
  readonly climb: string
  readonly direction: ClimbRequest['direction']
  readonly from: ClimbEnd
  readonly to: ClimbEnd
  /** `undone`: it is where it was. `failed`: neither the goal nor the way back was reached. */
  readonly outcome: 'done' | 'undone' | 'failed'
  readonly steps: readonly ClimbedStep[]
  readonly totalMs: number
  /** As the entry counted them while the climb went on. */
  readonly requests: EntryRequests
  /** Of a heartbeat every 20 ms; null without a database of ours. */
  readonly longestWritePauseMs: number | null
  /** Why it was undone or failed. */
  readonly reason: ErrorReport | null
}

export type ReleaseState = 'pending' | 'live' | 'replaced' | 'undone' | 'failed'

/** One row of `banyan release list`. */
export type ReleaseStatus = {
  /** `r1`, `r2`, … */
  readonly name: string
  readonly state: ReleaseState
  /** When it was asked for. */
  readonly at: string
  /** The digest of its snapshot; null where that was pruned, and it cannot be gone back to. */
  readonly snapshot: string | null
  /** Why it was undone, or failed. */
  readonly reason: string | null
}

/** The answer of `GET /releases`, newest first. */
export type ReleaseList = {
  readonly live: string | null
  /** The release that `undo` leads to; null where there is none. */
  readonly undo: string | null
  readonly releases: readonly ReleaseStatus[]
}

type Unstamped<Event> = Event extends unknown ? Omit<Event, 'at'> : never

/** An event before its time is written on it. */
export type NewEvent = Unstamped<ControlEvent>

/** What `up` decided before control was started; control reads it from `up.json`. */
export type UpSettings = {
  readonly rungs: readonly string[]
  readonly host: string
  readonly port: number
  /** `dev`: restarted on change. Absent in files of an older version: `up`. */
  readonly mode?: 'up' | 'dev'
  /** Narrow mode is not wanted, also where the system could have it. Absent: it is. */
  readonly wide?: boolean
  /** A scope sees its own key only. Absent: no. */
  readonly narrow?: boolean
  /** Whether `serve` offers `/-/prove`. Absent: no. */
  readonly proves?: boolean
  /** Nothing is measured, and no store is kept, whatever the config says. Absent: as the config says. */
  readonly unmeasured?: boolean
  /** The database without any service, for a command of `exec`. Absent: no. */
  readonly dataOnly?: boolean
  /** The public address is a socket that the holder binds and entry nodes inherit. Absent: no. */
  readonly socket?: boolean
  /** The public ports besides, each a socket of its own, in the order in which they are passed. Absent: none. */
  readonly tcp?: readonly number[]
  /** When somebody named the rungs; a climb that was left unfinished before holds no longer. Absent: nobody did. */
  readonly askedAt?: string
  /** The release that this `up` leads to, until it is live or was given up. Absent: the live one. */
  readonly release?: string
  /** What stands at the entry, where something has to. Absent: the gateway. */
  readonly balancer?: BalancerName
  /** Where the console is to listen; 0: there is none. Absent: where it was last, or 4780, or the next free one. */
  readonly consolePort?: number
  /** The config of the system, for a release that the console's page asks for. */
  readonly config?: string
}

/** A file as a change touched it; the path is relative to the folder of the config. */
export type ChangedFile = {
  readonly path: string
  readonly how: 'added' | 'changed' | 'removed'
}

/** What `dev` asks of control when files have changed. */
export type ChangeRequest = {
  readonly files: readonly ChangedFile[]
  /** Whether there may be migrations to apply. */
  readonly migrate: boolean
  /** The services to start again; null for all. */
  readonly services: readonly string[] | null
  /** The config as it is now, where it is another than before. */
  readonly system: System | null
}

/** How a control runs, for whoever wants to use its database. */
export type Attendance = {
  readonly mode: 'up' | 'dev'
  readonly narrow: boolean
  /** It is on its way down, and nothing can be asked of it any more. */
  readonly stopping: boolean
}

/** `control.json`: where the running control is. */
export type ControlFile = {
  readonly format: 1
  /** The state directory that it runs; in a copy of that, the file says nothing. */
  readonly directory: string
  readonly pid: number
  readonly startTime: string
  readonly socket: string
  readonly startedAt: string
}

/** The first word of a control process to the one that started it. */
export type Handshake =
  | {
      readonly kind: 'listening'
      readonly socket: string
      /** Names the control process; its number and start time. */
      readonly identity: { readonly pid: number; readonly startTime: string }
    }
  | { readonly kind: 'refused'; readonly error: ErrorReport }
