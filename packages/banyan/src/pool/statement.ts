import pg from 'pg'

type Done = (error: unknown, result: pg.QueryResult) => void
type Connection = { readonly stream?: { readonly writable: boolean } }

/** What node-postgres' query is beyond its types. */
type QueryBase = new (
  config: { text: string; values?: readonly unknown[]; queryMode?: 'extended'; rowMode?: 'array' },
  values: undefined,
  callback: Done,
) => { submit(connection: Connection): Error | null }

/**
 * One statement that knows whether it was ever given to a socket: what was not can be sent again on
 * another connection without doubling anything.
 */
export class Statement extends (pg.Query as unknown as QueryBase) {
  sent = false

  override submit(connection: Connection): Error | null {
    this.sent = connection.stream?.writable !== false
    return super.submit(connection)
  }
}
