import { sql } from 'banyan'
import { isTaken } from '../http/database-errors.ts'
import { isStorable } from '../http/fields.ts'
import { newId } from '../text/ids.ts'
import { slugFits, slugOf } from '../text/slug.ts'
import { articleColumns, type FullArticleRow } from './article-rows.ts'
import type { Data, Readable, Scope, Sql } from './data.ts'

export type NewArticle = {
  readonly title: string
  readonly description: string
  readonly body: string
  readonly tags: readonly string[]
}

/** What an author may change; what is undefined stays. */
export type ArticleChanges = { readonly [Name in keyof NewArticle]?: NewArticle[Name] | undefined }

/** The scope of an article's author, where everything about the article is; null: no such slug. */
export const ownerOf = async (data: Data, slug: string): Promise<Scope | null> =>
  isStorable(slug) ? data.by('articles.slug', slug) : null

/** The whole article, as the viewer sees it; null when it is gone. */
export async function readArticle(
  owner: Readable,
  author: string,
  slug: string,
  viewer: string | null,
): Promise<FullArticleRow | null> {
  const query = sql`
    select ${articleColumns(viewer)}, a.body
    from articles a join users u on u.id = a.author_id
    where a.author_id = ${author} and a.slug = ${slug}`
  const [row] = await owner.read<FullArticleRow>(query)
  return row ?? null
}

/**
 * Creates an article: the row, its tags and the author's count in one statement, so that all of it
 * is there or nothing. Returns the slug.
 */
export async function createArticle(
  data: Data,
  author: string,
  article: NewArticle,
): Promise<string> {
  const id = newId()
  return withFreeSlug(article.title, async (slug) => {
    await data.of(author).write`
      with article as (
        insert into articles (author_id, id, slug, title, description, body)
        values (${author}, ${id}, ${slug}, ${article.title}, ${article.description}, ${article.body})
        returning author_id, id
      ), tags as (
        insert into article_tags (author_id, article_id, tag, position)
        select author_id, id, tag, position
        from article, unnest(${article.tags}::text[]) with ordinality as given (tag, position)
      )
      update users set articles_count = articles_count + 1
      from article where users.id = article.author_id`
  })
}

/** Tries slugs until one is free; with 36^8 endings the second try is already rare. */
async function withFreeSlug(
  title: string,
  attempt: (slug: string) => Promise<void>,
): Promise<string> {
  for (let left = 3; ; left--) {
    const slug = slugOf(title)
    try {
      await attempt(slug)
      return slug
    } catch (error) {
      if (left === 0 || !isTaken(error, 'articles_slug_key')) throw error
    }
  }
}

/**
 * Changes an article of the author. A new title brings a new slug, unless it reads the same.
 * Returns the slug that it has then; null when it is gone.
 */
export async function updateArticle(
  data: Data,
  author: string,
  slug: string,
  changes: ArticleChanges,
): Promise<string | null> {
  const change = (newSlug: string) => changeRow(data, author, slug, newSlug, changes)
  if (changes.title === undefined || slugFits(slug, changes.title)) {
    return (await change(slug)) ? slug : null
  }
  let found = false
  const newSlug = await withFreeSlug(changes.title, async (free) => {
    found = await change(free)
  })
  return found ? newSlug : null
}

async function changeRow(
  data: Data,
  author: string,
  slug: string,
  newSlug: string,
  changes: ArticleChanges,
): Promise<boolean> {
  return data.of(author).transaction(async (tx) => {
    const [row] = await tx.sql<{ id: string }>`
      update articles set
        slug = ${newSlug},
        title = coalesce(${changes.title ?? null}, title),
        description = coalesce(${changes.description ?? null}, description),
        body = coalesce(${changes.body ?? null}, body),
        updated_at = greatest(now(), updated_at + interval '1 millisecond')
      where author_id = ${author} and slug = ${slug}
      returning id`
    if (row === undefined) return false
    if (changes.tags !== undefined) await replaceTags(tx, author, row.id, changes.tags)
    return true
  })
}

/** The article's row is locked by its update, so that two of these never mix. */
async function replaceTags(
  tx: { readonly sql: Sql },
  author: string,
  article: string,
  tags: readonly string[],
): Promise<void> {
  await tx.sql`delete from article_tags where author_id = ${author} and article_id = ${article}`
  if (tags.length === 0) return
  await tx.sql`
    insert into article_tags (author_id, article_id, tag, position)
    select ${author}, ${article}, tag, position
    from unnest(${tags}::text[]) with ordinality as given (tag, position)`
}

/** Deletes an article with its tags, comments and favourites; false when it was gone already. */
export async function deleteArticle(data: Data, author: string, slug: string): Promise<boolean> {
  const rows = await data.of(author).write`
    with gone as (
      delete from articles where author_id = ${author} and slug = ${slug} returning author_id
    )
    update users set articles_count = articles_count - 1
    from gone where users.id = gone.author_id returning users.id`
  return rows.length > 0
}
