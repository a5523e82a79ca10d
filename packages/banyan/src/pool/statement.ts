import pg from 'pg'

type Done = (error: unknown, result: pg.QueryResult) => void
type Connection = { readonly stream?: { readonly writable: boolean } }

/** What node-postgres' query is beyond its types. */
type QueryBase = new (
  text: string,
  values: readonly unknown[],
  callback: Done,
) => { queryMode: 'extended' | undefined; submit(connection: Connection): Error | null }

/**
 * One statement that knows whether it was ever given to a socket: what was not can be sent again on
 * another connection without doubling anything. It uses the extended protocol even without
 * parameters, which takes one statement only.
 */
export class Statement extends (pg.Query as unknown as QueryBase) {
  sent = false

  constructor(text: string, values: readonly unknown[], done: Done) {
    super(text, values, done)
    this.queryMode = 'extended'
  }

  override submit(connection: Connection): Error | null {
    this.sent = connection.stream?.writable !== false
    return super.submit(connection)
  }
}
