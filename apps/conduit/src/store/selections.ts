import { type SqlFragment, sql } from 'banyan'

/** Which articles a list shows. */
export type Selection = {
  /** The author on whose shard all of them are, or null when they may be on any. */
  readonly author: string | null
  /** Selects `author_id` and `id` of the newest ones. Each order by is that of an index. */
  readonly keys: (limit: number, offset: number) => SqlFragment
  /** Selects how many there are, as `count`; on each shard its part. Null: every article there is. */
  readonly count: SqlFragment | null
}

/** Every article. */
export const allArticles: Selection = {
  author: null,
  keys: (limit, offset) => sql`
    select author_id, id from articles order by id desc limit ${limit} offset ${offset}`,
  count: null,
}

/** The articles with a tag. */
export const taggedArticles = (tag: string): Selection => ({
  author: null,
  keys: (limit, offset) => sql`
    select author_id, article_id as id from article_tags where tag = ${tag}
    order by article_id desc limit ${limit} offset ${offset}`,
  count: sql`select count(*)::int as count from article_tags where tag = ${tag}`,
})

const nothing = sql``

/** Keeps those of `place`, an alias with `author_id` and `id`, that have the tag, if one is given. */
const withTag = (place: SqlFragment, tag: string | null): SqlFragment =>
  tag === null
    ? nothing
    : sql`and exists (
        select from article_tags t
        where t.author_id = ${place}.author_id and t.article_id = ${place}.id and t.tag = ${tag})`

/** Keeps those of `place` that the user has favourited, if one is given. */
const favoritedBy = (place: SqlFragment, user: string | null): SqlFragment =>
  user === null
    ? nothing
    : sql`and exists (
        select from favorites f
        where f.author_id = ${place}.author_id and f.article_id = ${place}.id
        and f.user_id = ${user})`

/** The articles that a user has favourited, perhaps only those with a tag. */
export const favoritedArticles = (user: string, tag: string | null): Selection => {
  const matching = sql`
    from (select author_id, article_id as id from favorites where user_id = ${user}) as mine
    where true ${withTag(sql`mine`, tag)}`
  return {
    author: null,
    keys: (limit, offset) => sql`
      select mine.author_id, mine.id ${matching}
      order by mine.id desc limit ${limit} offset ${offset}`,
    count: sql`select count(*)::int as count ${matching}`,
  }
}

/** The articles of an author. The author's own row knows how many. */
export const authoredArticles = (author: string): Selection => ({
  author,
  keys: (limit, offset) => sql`
    select author_id, id from articles where author_id = ${author}
    order by id desc limit ${limit} offset ${offset}`,
  count: sql`select articles_count as count from users where id = ${author}`,
})

/** The articles of an author that have a tag, or that a user has favourited, or both. */
export const filteredAuthoredArticles = (
  author: string,
  tag: string | null,
  user: string | null,
): Selection => {
  const matching = sql`
    from articles a where a.author_id = ${author}
    ${withTag(sql`a`, tag)} ${favoritedBy(sql`a`, user)}`
  return {
    author,
    keys: (limit, offset) => sql`
      select a.author_id, a.id ${matching} order by a.id desc limit ${limit} offset ${offset}`,
    count: sql`select count(*)::int as count ${matching}`,
  }
}

/**
 * The articles of many authors, for a feed: the newest few of each author, of which the newest. An
 * author whom nobody reads costs one step in an index, and a prolific one no more than a page.
 */
export const articlesOfMany = (authors: readonly string[]): Selection => ({
  author: null,
  keys: (limit, offset) => sql`
    select newest.author_id, newest.id
    from unnest(${authors}::uuid[]) as followed (id)
    cross join lateral (
      select author_id, id from articles where author_id = followed.id
      order by id desc limit ${limit + offset}
    ) as newest
    order by newest.id desc limit ${limit} offset ${offset}`,
  count: sql`
    select coalesce(sum(articles_count), 0)::int as count from users
    where id = any(${authors}::uuid[])`,
})
