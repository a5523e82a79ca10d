import { quoteName } from '@banyan/postgres'
import type { Client } from 'pg'
import type { Statement } from './migration.ts'
import { isConcurrent } from './statement-kinds.ts'

/** An index that a statement builds with CONCURRENTLY, by name. */
export type NamedIndex = {
  readonly name: string
  /** Quoted, and with its schema where the statement names one. */
  readonly table: string
}

export function indexOf(statement: Statement): NamedIndex | null {
  const { kind, node } = statement
  if (kind !== 'IndexStmt' || !isConcurrent(statement) || typeof node.idxname !== 'string')
    return null
  const { schemaname, relname } = node.relation as { schemaname?: string; relname: string }
  const table = [schemaname, relname].filter((part) => part !== undefined).map(quoteName)
  return { name: node.idxname, table: table.join('.') }
}

/** The index of that name on that table; null when there is none. */
export async function findIndex(
  client: Client,
  { name, table }: NamedIndex,
): Promise<{ readonly valid: boolean; readonly quoted: string } | null> {
  const { rows } = await client.query(
    `select i.indisvalid as valid, c.oid::regclass::text as quoted
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = to_regclass($1) and c.relname = $2`,
    [table, name],
  )
  return rows[0] ?? null
}

/** An index that was not built to its end costs every write, and a unique one refuses rows. */
export async function dropInvalid(client: Client, index: NamedIndex): Promise<void> {
  const found = await findIndex(client, index)
  if (found !== null && !found.valid) await client.query(`drop index concurrently ${found.quoted}`)
}
