import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientBase } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

/** A table and the rows to load into it. */
export type CopyTable = {
  readonly name: string
  readonly columns: string
  readonly rows: () => Iterable<readonly unknown[]>
}

const chunkLength = 64 * 1024
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}

/** A row in COPY's text format. */
export const copyLine = (row: readonly unknown[]): string => `${row.map(copyValue).join('\t')}\n`

const copyValue = (value: unknown): string =>
  value === null ? '\\N' : String(value).replace(/[\\\t\n\r]/g, (sign) => escapes[sign] ?? sign)

/** Rows as chunks of text: one chunk per row would cost more than the rows. */
function* chunksOf(rows: Iterable<readonly unknown[]>): Generator<string> {
  let chunk = ''
  for (const row of rows) {
    chunk += copyLine(row)
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}

/** Loads a table, and tells how many rows PostgreSQL counted. */
export async function copyTable(client: ClientBase, table: CopyTable): Promise<number> {
  const copy = client.query(copyFrom(`copy ${table.name} (${table.columns}) from stdin`))
  await pipeline(Readable.from(chunksOf(table.rows())), copy)
  return copy.rowCount
}
