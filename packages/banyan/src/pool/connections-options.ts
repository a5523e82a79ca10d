import type pg from 'pg'
import type { Budget } from './budget.ts'
import type { ClientClass } from './open-client.ts'

/** A server, as a pool reaches it. */
export type Place = {
  readonly config: pg.ClientConfig
  /** What the server is called in errors: `127.0.0.1:5432/notes`. */
  readonly target: string
  /** What the pools of this process share there; null: no limit but the pool's own. */
  readonly budget: Budget | null
}

/** A connection of the pool. */
export type Lease = {
  readonly client: pg.Client
  /** The server that it leads to. */
  readonly place: Place
  uses: number
  idleSince: number
  expired: boolean
  /** Given back while its last statement still runs. */
  finishing: boolean
}

export type Taken = (error: unknown, lease: Lease | null) => void

/** What somebody may want to be told of. */
export type Observer = {
  connect?(client: pg.Client): void
  acquire?(client: pg.Client): void
  release?(reason: unknown, client: pg.Client): void
  remove?(client: pg.Client): void
  error?(error: Error, client: pg.Client): void
}

export type ConnectionsOptions = {
  /** What it is for, in one word; it is counted by it. Default `pool`. */
  readonly use?: string
  readonly Client: ClientClass
  /** Where it begins; null: nowhere yet, see `moveTo`. */
  readonly place: Place | null
  readonly max: number
  readonly min: number
  /** 0: idle connections stay. */
  readonly idleTimeoutMs: number
  readonly usesMax: number
  /** 0: no limit. */
  readonly lifetimeMs: number
  /** Lets the process end although idle connections are open. */
  readonly allowExitOnIdle: boolean
  /** How long one attempt to connect may take; 0: no limit. */
  readonly attemptTimeoutMs: number
  /** How long a request may wait for a connection in all; 0: no limit. */
  readonly waitTimeoutMs: number
  /** How many requests wait, and for how long each, while the server cannot be reached. */
  readonly hold: { readonly countMax: number; readonly timeMs: number }
  /** How long a request may wait while the server is well and every connection busy; 0: no limit. */
  readonly busyTimeoutMs: number
  readonly observer: Observer
  /**
   * Whether a new connection leads to a server that may be used. One that does not is closed, and the
   * next one is opened as if the server were away.
   */
  readonly examine?: (client: pg.Client) => Promise<boolean>
  /** What the servers say while none of them may be used, for the error of who waited in vain. */
  readonly nobody?: () => string
  /** A request found no idle connection. */
  readonly wanted?: () => void
  /** A connection broke, or could not be made. */
  readonly troubled?: () => void
  /**
   * Since when the server is known to give no answer; null while it does. A host that is gone without a
   * word leaves its connections open: without this they would seem busy.
   */
  readonly silentSince?: () => number | null
  /** Runs on a new connection before its first use. */
  readonly onConnect: ((client: pg.Client) => unknown) | null
  /** As `onConnect`, in the form with a callback, and after the event `connect`. */
  readonly verify: ((client: pg.Client, done: (error?: Error) => void) => void) | null
  readonly now?: () => number
  readonly random?: () => number
}
