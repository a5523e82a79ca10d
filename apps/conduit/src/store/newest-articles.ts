import type { Data } from './data.ts'

/** What is told of an article once it is published. */
export type PublishedArticle = {
  readonly id: string
  readonly slug: string
  readonly title: string
  readonly author: string
}

export type ArticleKey = { readonly author_id: string; readonly id: string }

/** The keys of the newest articles between two ids, on every shard, read from one index alone. */
export async function readNewestKeys(
  data: Data,
  range: { readonly from: string; readonly to: string; readonly limit: number },
): Promise<readonly ArticleKey[]> {
  const { from, to, limit } = range
  const { value } = await data.everywhere({
    each: (shard) =>
      shard.read<ArticleKey>`
        select author_id, id from articles where id >= ${from} and id < ${to}
        order by id desc limit ${limit}`,
    combine: (parts) => parts.flat(),
  })
  return value
}

/** The articles of these keys as far as they are still there, the oldest first. */
export async function readPublished(
  data: Data,
  keys: readonly ArticleKey[],
): Promise<readonly PublishedArticle[]> {
  const authors = keys.map((key) => key.author_id)
  const ids = keys.map((key) => key.id)
  const { value } = await data.everywhere({
    each: (shard) =>
      shard.read<PublishedArticle>`
        select a.id, a.slug, a.title, u.username as author
        from unnest(${authors}::uuid[], ${ids}::uuid[]) as given (author_id, id)
        join articles a on a.author_id = given.author_id and a.id = given.id
        join users u on u.id = a.author_id`,
    combine: (parts) => parts.flat(),
  })
  return [...value].sort((a, b) => (a.id < b.id ? -1 : 1))
}
