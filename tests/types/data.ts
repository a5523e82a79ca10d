/**
 * What the types of `data` accept and refuse, without `Register`. `tsc` is the test: a line below
 * `@ts-expect-error` that compiles is an error too. Nothing here runs.
 */
import { type Data, data, type KeyedTx, type Scope, type ShardScope, sql, type Tx } from 'banyan'
import { dialect } from 'banyan/kysely'
import pgDefault, { Client, DatabaseError, Pool, type PoolClient, types } from 'banyan/pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect } from 'kysely'

type Note = { id: string; body: string }
type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <_ extends true>(): void => {}

export async function reads(scope: Scope): Promise<void> {
  const notes = await scope.read<Note>`select id, body from notes where user_id = ${scope.key}`
  is<Is<typeof notes, Note[]>>()
  const rows = await scope.write`delete from notes returning *`
  rows[0]?.['anything'].goes
  await scope.read(sql`select ${1}`)
  // @ts-expect-error a statement is a template, never text
  await scope.read('select 1')
  is<Is<typeof scope.key, string>>()
}

export async function transacts(scope: Scope): Promise<void> {
  const number = await scope.transaction(async (tx: Tx) => {
    await tx.sql<Note>`select 1`
    return tx.savepoint(async () => 7)
  })
  is<Is<typeof number, number>>()
  await scope.transaction(async () => {}, { isolation: 'serializable', retry: true })
  // @ts-expect-error an unknown isolation level
  await scope.transaction(async () => {}, { isolation: 'chaos' })
  // @ts-expect-error an unknown option
  await scope.transaction(async () => {}, { retries: 3 })
}

export async function finds(anyData: Data): Promise<void> {
  anyData.of('text')
  anyData.of(7)
  anyData.of(7n, { consistency: 'session' })
  anyData.of('a', { consistency: { snapshot: true } })
  // @ts-expect-error an unknown level
  anyData.of('a', { consistency: 'weak' })
  // @ts-expect-error nothing is no key
  anyData.of(undefined)
  const found = await anyData.by('users.email', 'a@b.c')
  is<Is<typeof found, Scope | null>>()
  // @ts-expect-error it may be null
  found.key
}

export async function spans(): Promise<void> {
  await data.transaction(['a', 'b'], async (tx: KeyedTx) => {
    await tx.of('a').sql`select 1`
  })
  const answer = await data.everywhere({
    each: (shard: ShardScope) => shard.read<{ n: number }>`select 1 as n`,
    combine: (parts) => parts.reduce((sum, [row]) => sum + (row?.n ?? 0), 0),
  })
  is<Is<typeof answer.value, number>>()
  is<Is<typeof answer.oneSnapshot, boolean>>()
  await data.everywhere({
    // @ts-expect-error a shard is read, never written
    each: (shard) => shard.write`select 1`,
    combine: (parts) => parts,
  })
}

export async function dropsIn(scope: Scope): Promise<void> {
  const pool = new Pool({ max: 3, hold: { timeMs: 100 } })
  const client: PoolClient = await pool.connect()
  client.release()
  const { rows } = await pool.query<Note>('select 1')
  is<Is<typeof rows, Note[]>>()
  // @ts-expect-error an unknown option
  new Pool({ maximum: 3 })
  new Client('postgres://localhost')
  types.builtins.INT8
  new pgDefault.Pool()
  if (rows instanceof DatabaseError) rows.constraint
  drizzle({ client: pool })
  new Kysely<{ notes: Note }>({ dialect: new PostgresDialect({ pool }) })
  new Kysely<{ notes: Note }>({ dialect: dialect(scope, { readOnly: true }) })
}
