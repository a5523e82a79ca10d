import type { NodeHealth } from '@banyan/model'
import type { Flow } from '@banyan/store/api'
import type { ControlEvent, NodeStatus, Status } from '../api/types.ts'

/**
 * What crosses between control and the console in the browser: plain data. Everything is below `/api/`, wants the
 * cookie, and of what changes something the page's own `Origin` and `content-type: application/json`.
 *
 * | route | request | answer |
 * |---|---|---|
 * | `GET /?token=…` | the one-time token | the cookie, and the way to `/` |
 * | `GET /api/live` | `Last-Event-ID` | server-sent events: `LiveMessage` |
 * | `GET /api/ladder` | – | `Ladder` |
 * | `POST /api/plan` | `{direction, rungs}` | `PlannedSteps`, nothing is done |
 * | `POST /api/climb`, `/api/turn`, `/api/kill`, `/api/pause`, `/api/resume`, `/api/switchover` | as on the socket | as on the socket |
 * | `POST /api/partition`, `/api/heal` | `{node}` | `{node}` |
 * | `GET /api/releases` | – | `ReleaseList` |
 * | `POST /api/release` | – | `{climb}`: the app's code as it is now is brought live |
 * | `GET /api/audit` | – | `AuditEntry[]`, newest first |
 * | `GET /api/data/tables` | – | `TableSize[]` |
 * | `POST /api/data/query` | `{sql}` | `DataAnswer` |
 * | `… /api/store/…` | as `@banyan/store/api` says | as the store answers; 503 while it is away |
 */

/** What a page is told. The id of each is `<epoch>.<number>`: of another control, the epoch is another. */
export type LiveMessage =
  /** First of all, and where more was missed than is kept: everything as it is. */
  | { readonly type: 'hello'; readonly state: LiveState }
  /** Nodes that are other than before, whole; and the names of those that are gone. */
  | {
      readonly type: 'nodes'
      readonly nodes: readonly NodeStatus[]
      readonly gone: readonly string[]
    }
  /** Everything of the status but its nodes, where it is other than before. */
  | { readonly type: 'status'; readonly status: Omit<Status, 'nodes'> }
  /** What control said. */
  | { readonly type: 'event'; readonly event: ControlEvent }
  /** The newest second, once a second; null: the store gives no answer. */
  | { readonly type: 'flow'; readonly flow: Flow | null }

export type LiveState = {
  readonly system: string
  readonly status: Status
  /** The last 200. */
  readonly events: readonly ControlEvent[]
  readonly flow: Flow | null
}

export type Ladder = {
  readonly rungs: readonly RungStatus[]
}

export type RungStatus = {
  readonly name: string
  readonly number: number
  readonly needs: readonly string[]
  /** What it adds, in one sentence. */
  readonly adds: string
  /** The problem that it answers, in the words of somebody who has it. */
  readonly answers: string
  /** `later`: it is on the ladder, and not built yet. */
  readonly state: 'held' | 'open' | 'refused' | 'later'
  /** Why it is refused here. */
  readonly obstacles: readonly string[]
}

export type PlannedSteps = {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly steps: readonly {
    readonly kind: string
    readonly node?: string
    readonly sentence: string
    readonly undo: string
  }[]
}

export type AuditEntry = {
  readonly at: string
  /** The first letters of the session that asked; `cli` where it came by the socket. */
  readonly who: string
  readonly action: string
  readonly target: string | null
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly code: string | null
  readonly ms: number
}

export type TableSize = {
  readonly schema: string
  readonly name: string
  readonly rows: number
  readonly bytes: number
  readonly by: string | null
}

export type DataAnswer = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** There were more than are shown. */
  readonly cut: boolean
  readonly ms: number
  readonly answeredBy: string
}

export type { Flow, NodeHealth }
