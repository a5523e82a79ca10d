import type { ArticleRow, FullArticleRow } from './store/article-rows.ts'
import type { CommentRow } from './store/comments.ts'
import type { ProfileRow } from './store/profiles.ts'
import type { UserRow } from './store/users.ts'

/** What the API shows of each thing, as the RealWorld specification spells it. */

type ProfileFields = Pick<ProfileRow, 'username' | 'bio' | 'image'>

export const profileView = ({ username, bio, image }: ProfileFields, following: boolean) => ({
  username,
  bio,
  image,
  following,
})

export const userView = ({ email, username, bio, image }: UserRow, token: string) => ({
  user: { email, token, username, bio, image },
})

/** An article in a list: all but its body. */
export const articleSummary = (row: ArticleRow, following: boolean) => ({
  slug: row.slug,
  title: row.title,
  description: row.description,
  tagList: row.tags,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  favorited: row.favorited,
  favoritesCount: row.favorites_count,
  author: profileView(row, following),
})

export const articleView = (row: FullArticleRow, following: boolean) => ({
  article: { ...articleSummary(row, following), body: row.body },
})

/** Someone who wrote a comment, if they still exist. */
const nobody: ProfileFields = { username: '[deleted]', bio: null, image: null }

export const commentView = (
  row: CommentRow,
  author: ProfileRow | undefined,
  following: boolean,
) => ({
  id: Number(row.id),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  body: row.body,
  author: profileView(author ?? nobody, following),
})
