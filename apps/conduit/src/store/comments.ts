import { isTaken } from '../http/database-errors.ts'
import { newCommentId } from '../text/ids.ts'
import type { Scope } from './data.ts'

export type CommentRow = {
  /** PostgreSQL's bigint; it always fits a JavaScript number. */
  readonly id: string
  readonly commenter_id: string
  readonly body: string
  readonly created_at: Date
  readonly updated_at: Date
}

/** The API has no pages for comments: an answer shows the newest of them, and no more than this. */
export const commentsMax = 1_000

/** Adds a comment to an article of the owner; null when the article is gone. */
export async function addComment(
  owner: Scope,
  slug: string,
  commenter: string,
  body: string,
): Promise<CommentRow | null> {
  for (let left = 3; ; left--) {
    try {
      const [row] = await owner.write<CommentRow>`
        insert into comments (author_id, article_id, id, commenter_id, body)
        select author_id, id, ${newCommentId()}::bigint, ${commenter}::uuid, ${body}
        from articles where author_id = ${owner.key} and slug = ${slug}
        returning id, commenter_id, body, created_at, updated_at`
      return row ?? null
    } catch (error) {
      if (left === 0 || !isTaken(error, 'comments_pkey')) throw error
    }
  }
}

/** The comments on an article of the owner, newest first. */
export function listComments(owner: Scope, slug: string): Promise<CommentRow[]> {
  return owner.read<CommentRow>`
    select c.id, c.commenter_id, c.body, c.created_at, c.updated_at
    from articles a join comments c on c.author_id = a.author_id and c.article_id = a.id
    where a.author_id = ${owner.key} and a.slug = ${slug}
    order by c.id desc limit ${commentsMax}`
}

export type CommentDeletion = 'deleted' | 'forbidden' | 'not found'

/** Deletes a comment of the user. Somebody else's is left alone, and the outcome says so. */
export async function deleteComment(
  owner: Scope,
  slug: string,
  id: string,
  user: string,
): Promise<CommentDeletion> {
  const [row] = await owner.write<{ mine: boolean }>`
    with comment as (
      select c.author_id, c.article_id, c.id, c.commenter_id = ${user}::uuid as mine
      from articles a join comments c on c.author_id = a.author_id and c.article_id = a.id
      where a.author_id = ${owner.key} and a.slug = ${slug} and c.id = ${id}::bigint
    ), gone as (
      delete from comments c using comment
      where comment.mine and c.author_id = comment.author_id
      and c.article_id = comment.article_id and c.id = comment.id
    )
    select mine from comment`
  if (row === undefined) return 'not found'
  return row.mine ? 'deleted' : 'forbidden'
}
