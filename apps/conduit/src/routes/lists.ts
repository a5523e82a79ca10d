import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { viewerOf } from '../http/auth.ts'
import { type Filters, type Page, readFilters, readPage } from '../http/query.ts'
import type { ArticleRow } from '../store/article-rows.ts'
import type { Data } from '../store/data.ts'
import { countOf, readPageOf } from '../store/listing.ts'
import { findUserId, followedAmong, followeesOf } from '../store/profiles.ts'
import {
  allArticles,
  articlesOfMany,
  authoredArticles,
  favoritedArticles,
  filteredAuthoredArticles,
  type Selection,
  taggedArticles,
} from '../store/selections.ts'
import type { Totals } from '../store/totals.ts'
import { articleSummary } from '../views.ts'

type Listed = { Querystring: Record<string, unknown> }

export function listRoutes(app: FastifyInstance, context: Context): void {
  const { data, auth, totals } = context

  app.get<Listed>('/api/articles', auth.optional, async (request) => {
    const page = readPage(request.query)
    const selection = await select(data, readFilters(request.query))
    if (selection === null) return { articles: [], articlesCount: 0 }
    const { rows, count } = await read(data, totals, selection, page, request.viewer)
    const followed = await followedAmong(data, request.viewer, authorsOf(rows))
    return listView(rows, count, (author) => followed.has(author))
  })

  app.get<Listed>('/api/articles/feed', auth.required, async (request) => {
    const page = readPage(request.query)
    const viewer = viewerOf(request)
    const followees = await followeesOf(data, viewer)
    if (followees.length === 0) return { articles: [], articlesCount: 0 }
    const selection = articlesOfMany(followees)
    const { rows, count } = await read(data, totals, selection, page, viewer)
    return listView(rows, count, () => true)
  })
}

/** The selection that the filters ask for; null when they name a user whom nobody knows. */
async function select(data: Data, { tag, author, favorited }: Filters): Promise<Selection | null> {
  const idOf = async (name: string | null) => (name === null ? null : findUserId(data, name))
  const [authorId, favoriterId] = await Promise.all([idOf(author), idOf(favorited)])
  if ((author !== null && authorId === null) || (favorited !== null && favoriterId === null)) {
    return null
  }
  if (authorId !== null) {
    return tag === null && favoriterId === null
      ? authoredArticles(authorId)
      : filteredAuthoredArticles(authorId, tag, favoriterId)
  }
  if (favoriterId !== null) return favoritedArticles(favoriterId, tag)
  return tag === null ? allArticles : taggedArticles(tag)
}

/** The page and the count are two looks at a moving thing: the count never denies what the page shows. */
async function read(
  data: Data,
  totals: Totals,
  selection: Selection,
  page: Page,
  viewer: string | null,
): Promise<{ rows: readonly ArticleRow[]; count: number }> {
  const { count, author } = selection
  const [rows, counted] = await Promise.all([
    readPageOf(data, selection, page, viewer),
    count === null ? totals.articles.get() : countOf(data, count, author),
  ])
  return { rows, count: rows.length === 0 ? counted : Math.max(counted, page.offset + rows.length) }
}

const authorsOf = (rows: readonly ArticleRow[]) => [...new Set(rows.map((row) => row.author_id))]

const listView = (
  rows: readonly ArticleRow[],
  count: number,
  isFollowed: (author: string) => boolean,
) => ({
  articles: rows.map((row) => articleSummary(row, isFollowed(row.author_id))),
  articlesCount: count,
})
