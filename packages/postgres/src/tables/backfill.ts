import { BanyanError, type ShardedTable } from '@banyan/model'
import type { ClientBase } from 'pg'
import { quoteName } from '../quote.ts'
import { lookupSql } from './definitions.ts'

const examplesMax = 5

/**
 * Fills a lookup from the rows that are there. The caller has locked the table against writers.
 * Returns how many values were taken.
 *
 * @throws BANYAN_UNIQUE_DUPLICATES with some of the values that exist more than once
 */
export async function backfill(
  client: ClientBase,
  table: ShardedTable,
  columns: readonly string[],
): Promise<number> {
  const lookup = lookupSql(table, columns)
  const names = columns.map(quoteName)
  const present = names.map((name) => `${name} is not null`).join(' and ')
  const targets = [...names, quoteName(table.by)].join(', ')
  const { rows } = await client
    .query(`truncate ${lookup};
    with given as (select ${targets} from public.${quoteName(table.name)} where ${present}),
    taken as (insert into ${lookup} (${targets}) select ${targets} from given
      on conflict do nothing returning 1)
    select (select count(*) from taken)::int8 as taken, (select count(*) from given)::int8 as given`)
    .then(last)
  const [{ taken, given }] = rows as [{ taken: string; given: string }]
  if (taken === given) return Number(taken)
  throw await duplicates(client, table, columns, Number(given) - Number(taken))
}

/** node-postgres gives an array of results for several statements; its types do not say so. */
const last = (results: unknown): { rows: unknown[] } =>
  (results as { rows: unknown[] }[]).at(-1) ?? { rows: [] }

async function duplicates(
  client: ClientBase,
  table: ShardedTable,
  columns: readonly string[],
  surplus: number,
): Promise<BanyanError> {
  const names = columns.map(quoteName)
  const { rows } = await client.query({
    text: `select concat_ws(', ', ${names.join(', ')}) as value, count(*)::int as rows
      from public.${quoteName(table.name)}
      where ${names.map((name) => `${name} is not null`).join(' and ')}
      group by ${names.join(', ')} having count(*) > 1 order by 2 desc, 1 limit ${examplesMax}`,
  })
  const examples = rows.map(({ value, rows: count }) => `(${value}) ${count} times`).join(', ')
  return new BanyanError(
    'BANYAN_UNIQUE_DUPLICATES',
    `"${table.name}" has values of ${columns.join(', ')} more than once, ${surplus} rows too many: ${examples}.`,
    {
      hint: `Mend the rows in a migration, or remove [${columns.join(', ')}] from \`unique\`.`,
      details: { table: table.name, columns, surplus, examples: rows },
    },
  )
}
