import { type SqlFragment, sql } from 'banyan'
import type { Page } from '../http/query.ts'
import { type ArticleRow, articlesAt } from './article-rows.ts'
import type { Data, Readable } from './data.ts'
import type { Selection } from './selections.ts'

type Key = { readonly author_id: string; readonly id: string }

/** A page of a selection, newest first, as the viewer sees it. */
export async function readPageOf(
  data: Data,
  selection: Selection,
  { limit, offset }: Page,
  viewer: string | null,
): Promise<readonly ArticleRow[]> {
  const rows = articlesAt(selection.keys(limit, offset), viewer)
  if (selection.author !== null) return readRows(data.of(selection.author), rows)
  const { value } = await data.everywhere({
    each: (shard) => readRows(shard, rows),
    combine: (parts) => (offset === 0 || parts.length === 1 ? firstOf(parts, limit) : null),
  })
  return value ?? readLaterPage(data, selection, { limit, offset }, viewer)
}

/**
 * A later page from several shards: no shard knows how many newer articles the others have. So each
 * one gives the keys up to the page's end, and the articles of the right keys are read by these.
 */
async function readLaterPage(
  data: Data,
  selection: Selection,
  { limit, offset }: Page,
  viewer: string | null,
): Promise<readonly ArticleRow[]> {
  const keys = selection.keys(limit + offset, 0)
  const { value: page } = await data.everywhere({
    each: (shard) => shard.read<Key>(keys),
    combine: (parts) => firstOf(parts, limit + offset).slice(offset),
  })
  const rows = articlesAt(keysAre(page), viewer)
  const { value } = await data.everywhere({
    each: (shard) => readRows(shard, rows),
    combine: (parts) => firstOf(parts, limit),
  })
  return value
}

const readRows = (place: Readable, rows: SqlFragment) => place.read<ArticleRow>(rows)

const keysAre = (keys: readonly Key[]): SqlFragment => sql`
  select * from unnest(
    ${keys.map((key) => key.author_id)}::uuid[], ${keys.map((key) => key.id)}::uuid[]
  ) as given (author_id, id)`

/** The newest of what the shards found. UUIDv7 in lower-case hexadecimal sorts by time. */
function firstOf<Row extends { readonly id: string }>(
  parts: readonly (readonly Row[])[],
  count: number,
): readonly Row[] {
  if (parts.length === 1) return parts[0] ?? []
  return parts
    .flat()
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, count)
}

/** How many articles a selection has; each shard counts its own. */
export async function countOf(
  data: Data,
  count: SqlFragment,
  author: string | null,
): Promise<number> {
  const counted = (place: Readable) => place.read<{ count: number }>(count)
  if (author !== null) return (await counted(data.of(author)))[0]?.count ?? 0
  const { value } = await data.everywhere({
    each: counted,
    combine: (parts) => parts.flat().reduce((sum, row) => sum + row.count, 0),
  })
  return value
}
