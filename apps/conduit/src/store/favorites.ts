import type { Scope } from './data.ts'

// The article's row is locked first by both, and by a delete of the article, so that they never wait
// for each other in a circle. The count follows from what was really added or taken away.

/** Favourites an article of the owner; a second time changes nothing. */
export async function favorite(owner: Scope, slug: string, user: string): Promise<void> {
  await owner.write`
    with article as (
      select author_id, id from articles
      where author_id = ${owner.key} and slug = ${slug} for no key update
    ), added as (
      insert into favorites (author_id, article_id, user_id)
      select author_id, id, ${user}::uuid from article
      on conflict (author_id, article_id, user_id) do nothing
      returning author_id, article_id
    )
    update articles a set favorites_count = a.favorites_count + 1
    from added where a.author_id = added.author_id and a.id = added.article_id`
}

/** Takes a favourite back; where there is none, nothing changes. */
export async function unfavorite(owner: Scope, slug: string, user: string): Promise<void> {
  await owner.write`
    with article as (
      select author_id, id from articles
      where author_id = ${owner.key} and slug = ${slug} for no key update
    ), gone as (
      delete from favorites f using article
      where f.author_id = article.author_id and f.article_id = article.id
      and f.user_id = ${user}::uuid
      returning f.author_id, f.article_id
    )
    update articles a set favorites_count = a.favorites_count - 1
    from gone where a.author_id = gone.author_id and a.id = gone.article_id`
}
