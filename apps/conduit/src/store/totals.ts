import { createMemo, type Memo } from '../memo.ts'
import type { Data } from './data.ts'

/** How many there are in the whole system. */
export type Totals = { readonly articles: Memo<number>; readonly users: Memo<number> }

/**
 * Counting everything costs more the more there is, and every visitor of the front page asks. So each
 * process counts at most once a second and adds what it did itself since: what other processes did
 * may show a second late. Users are only counted for the landing page, every ten seconds.
 */
export const createTotals = (data: Data): Totals => ({
  articles: createMemo(() => sumArticles(data), 1_000),
  users: createMemo(() => countUsers(data), 10_000),
})

async function sumArticles(data: Data): Promise<number> {
  const { value } = await data.everywhere({
    each: (shard) =>
      shard.read<{ count: number }>`
        select coalesce(sum(articles_count), 0)::int as count from users where articles_count > 0`,
    combine: sumOf,
  })
  return value
}

async function countUsers(data: Data): Promise<number> {
  const { value } = await data.everywhere({
    each: (shard) => shard.read<{ count: number }>`select count(*)::int as count from users`,
    combine: sumOf,
  })
  return value
}

const sumOf = (parts: readonly (readonly { count: number }[])[]): number =>
  parts.flat().reduce((sum, row) => sum + row.count, 0)
