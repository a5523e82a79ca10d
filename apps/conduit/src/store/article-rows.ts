import { type SqlFragment, sql } from 'banyan'

/** An article with all that an answer says about it, but whether its author is followed. */
export type ArticleRow = {
  readonly id: string
  readonly author_id: string
  readonly slug: string
  readonly title: string
  readonly description: string
  readonly favorites_count: number
  readonly created_at: Date
  readonly updated_at: Date
  readonly tags: readonly string[]
  readonly favorited: boolean
  readonly username: string
  readonly bio: string | null
  readonly image: string | null
}

export type FullArticleRow = ArticleRow & { readonly body: string }

/**
 * The columns of an ArticleRow from `articles a` and `users u`. The author, the tags and the
 * favourites of an article live on its own shard, so that one query there is enough.
 */
export const articleColumns = (viewer: string | null): SqlFragment => sql`
  a.id, a.author_id, a.slug, a.title, a.description, a.favorites_count, a.created_at, a.updated_at,
  array(
    select t.tag from article_tags t
    where t.author_id = a.author_id and t.article_id = a.id order by t.position
  ) as tags,
  exists (
    select from favorites f
    where f.author_id = a.author_id and f.article_id = a.id and f.user_id = ${viewer}::uuid
  ) as favorited,
  u.username, u.bio, u.image`

/**
 * The articles of a page, newest first; `keys` selects their `author_id` and `id`. The limits say
 * what the planner does not see, that a whole key finds one row: without them it joined by the author
 * alone, and read every article of a prolific author for each row of the page.
 */
export const articlesAt = (keys: SqlFragment, viewer: string | null): SqlFragment => sql`
  select ${articleColumns(viewer)}
  from (${keys}) as page
  cross join lateral (
    select * from articles where author_id = page.author_id and id = page.id limit 1
  ) as a
  cross join lateral (
    select username, bio, image from users where id = page.author_id limit 1
  ) as u
  order by page.id desc`
