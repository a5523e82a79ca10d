import { BanyanError, type ProofRequest, type ProofStep } from '@banyan/model'
import { proofSchema } from '@banyan/postgres'
import { transact } from '../data/scope.ts'
import type { Shard } from '../data/shard.ts'
import { type Compiled, compile, SqlFragment } from '../data/sql.ts'
import type { Sql, Tx } from '../data/types.ts'
import type { ProofKind } from './request.ts'

type RequestOf<Kind extends ProofKind> = Extract<ProofRequest, { kind: Kind }>
type Act<Kind extends ProofKind> = (shard: Shard, request: RequestOf<Kind>) => Promise<object>

const acts: { readonly [Kind in ProofKind]: Act<Kind> } = {
  transaction: async (shard, { isolation, operations }) => ({
    results: await transact(shard, (tx) => runOperations(tx, operations), {
      isolation,
      retry: true,
    }),
  }),
  write: async (shard, { key, value }) => {
    await shard.write(sqlOf`insert into ${schema}.registers (key, value) values (${key}, ${value})
      on conflict (key) do update set value = excluded.value`)
    return {}
  },
  read: async (shard, { key }) => {
    const [row] = await shard.read<{ value: string }>(
      sqlOf`select value from ${schema}.registers where key = ${key}`,
    )
    return { value: row === undefined ? null : Number(row.value) }
  },
  add: async (shard, { key, value }) => {
    await shard.write(sqlOf`insert into ${schema}.elements (key, value) values (${key}, ${value})`)
    return {}
  },
  elements: async (shard, { key }) => {
    const rows = await shard.read<{ value: string }>(
      sqlOf`select value from ${schema}.elements where key = ${key} order by value`,
    )
    return { elements: rows.map(({ value }) => Number(value)) }
  },
  transfer: async (shard, { from, to, amount }) => ({
    done: await transact(shard, (tx) => transfer(tx, from, to, amount), { retry: true }),
  }),
  balances: async (shard, { keys }) => {
    // One statement sees one snapshot, and that is what the sum is held to.
    const rows = await shard.read<{ key: string; balance: string }>(
      sqlOf`select key, balance from ${schema}.accounts where key = any(${keys}::text[])`,
    )
    const found = new Map(rows.map(({ key, balance }) => [key, Number(balance)]))
    return { balances: keys.map((key) => found.get(key) ?? null) }
  },
  open: async (shard, { keys, balance }) => {
    await shard.write(sqlOf`insert into ${schema}.accounts (key, balance)
      select key, ${balance}::bigint from unnest(${keys}::text[]) as key
      order by key on conflict (key) do nothing`)
    return {}
  },
  clear: async (shard, { prefix }) => {
    await transact(shard, (tx) => clear(tx, prefix), { retry: true })
    return {}
  },
}

/** Does what a request asks for, as the app's own `data` would do it. */
export function act(shard: Shard, request: ProofRequest): Promise<object> {
  // Each act takes the requests of its own kind; the table's type says so, but not through a lookup.
  return (acts[request.kind] as Act<ProofKind>)(shard, request)
}

async function runOperations(
  tx: Tx,
  operations: readonly ProofStep[],
): Promise<(null | number[])[]> {
  const results: (null | number[])[] = []
  for (const operation of operations) {
    if ('append' in operation) {
      const [key, value] = operation.append
      await tx.sql`insert into ${schema}.lists (key, elements) values (${key}, array[${value}::bigint])
        on conflict (key) do update set elements = lists.elements || excluded.elements`
      results.push(null)
    } else results.push(await readList(tx.sql, operation.read))
  }
  return results
}

async function readList(sql: Sql, key: string): Promise<number[]> {
  const [row] = await sql<{ elements: string[] }>`
    select elements from ${schema}.lists where key = ${key}`
  return row === undefined ? [] : row.elements.map(Number)
}

/** Both accounts are locked in the order of their keys, so that opposite transfers do not deadlock. */
async function transfer(tx: Tx, from: string, to: string, amount: number): Promise<boolean> {
  const rows = await tx.sql<{ key: string; balance: string }>`
    select key, balance from ${schema}.accounts where key in (${from}, ${to}) order by key for update`
  if (rows.length < 2) throw unknownAccount([from, to].filter((key) => !has(rows, key)))
  const balance = rows.find(({ key }) => key === from)?.balance
  if (Number(balance) < amount) return false
  await tx.sql`update ${schema}.accounts set balance = balance - ${amount}::bigint where key = ${from}`
  await tx.sql`update ${schema}.accounts set balance = balance + ${amount}::bigint where key = ${to}`
  return true
}

const has = (rows: readonly { key: string }[], wanted: string): boolean =>
  rows.some(({ key }) => key === wanted)

async function clear(tx: Tx, prefix: string): Promise<void> {
  await tx.sql`delete from ${schema}.lists where starts_with(key, ${prefix})`
  await tx.sql`delete from ${schema}.registers where starts_with(key, ${prefix})`
  await tx.sql`delete from ${schema}.elements where starts_with(key, ${prefix})`
  await tx.sql`delete from ${schema}.accounts where starts_with(key, ${prefix})`
}

/** A name of ours, set into statements as it is. */
const schema = new SqlFragment([proofSchema], [])

const sqlOf = (strings: TemplateStringsArray, ...values: unknown[]): Compiled =>
  compile(strings, values)

const unknownAccount = (keys: readonly string[]): BanyanError =>
  new BanyanError('BANYAN_PROVE_REQUEST_INVALID', `There is no account ${keys.join(', ')}.`, {
    hint: 'Open it first: {"kind":"open","keys":[…],"balance":100}.',
  })
