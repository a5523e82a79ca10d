import type { Auth } from './http/auth.ts'
import type { Passwords } from './passwords.ts'
import type { RecordEvent } from './record-event.ts'
import type { Data } from './store/data.ts'
import type { Totals } from './store/totals.ts'
import type { Tokens } from './tokens.ts'

/** What the routes share. */
export type Context = {
  readonly data: Data
  readonly auth: Auth
  readonly passwords: Passwords
  readonly tokens: () => Promise<Tokens>
  readonly totals: Totals
  /** The name of the node that answers. */
  readonly node: string
  readonly record: RecordEvent
}
