import type { Controlled } from '../api/server.ts'
import type { Assets } from './assets.ts'
import type { AuditLog } from './audit.ts'
import type { DataAnswer, Flow, Ladder, PlannedSteps, TableSize } from './types.ts'

/** Where the store is, and what it asks for. */
export type StorePlace = { readonly host: string; readonly port: number; readonly token: string }

/** What the console's server stands on; control gives it the real ones, a test its own. */
export type ConsoleParts = {
  readonly system: string
  readonly control: Controlled
  readonly audit: AuditLog
  /** Null: they are not built. */
  readonly assets: Assets | null
  /** What cookies are signed with. */
  readonly secret: string
  /** What `/-/metrics` asks for. */
  readonly metricsToken: string
  readonly metricsText: () => string | Promise<string>
  /** Null while there is none. */
  readonly store: () => StorePlace | null | Promise<StorePlace | null>
  readonly flow: () => Promise<Flow | null>
  readonly ladder: () => Promise<Ladder>
  readonly plan: (body: Readonly<Record<string, unknown>>) => Promise<PlannedSteps>
  /** Takes the app's code as it is now, and has it brought live. */
  readonly release: () => Promise<{ readonly climb: string }>
  readonly tables: () => Promise<readonly TableSize[]>
  readonly query: (body: Readonly<Record<string, unknown>>) => Promise<DataAnswer>
}
