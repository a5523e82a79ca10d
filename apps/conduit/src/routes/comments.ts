import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { viewerOf } from '../http/auth.ts'
import { Fields } from '../http/fields.ts'
import { badToken, forbidden, notFound } from '../http/problem.ts'
import { rules } from '../http/rules.ts'
import { addComment, type CommentRow, deleteComment, listComments } from '../store/comments.ts'
import type { Data } from '../store/data.ts'
import { followedAmong, profilesOf } from '../store/profiles.ts'
import { findUser } from '../store/users.ts'
import { commentView } from '../views.ts'
import { findOwner } from './articles.ts'

type Slugged = { Params: { slug: string } }
type Numbered = { Params: { slug: string; id: string } }

export function commentRoutes(app: FastifyInstance, { data, auth }: Context): void {
  app.get<Slugged>('/api/articles/:slug/comments', auth.optional, async (request) => {
    const owner = await findOwner(data, request.params.slug)
    return showComments(data, await listComments(owner, request.params.slug), request.viewer)
  })

  app.post<Slugged>('/api/articles/:slug/comments', auth.required, async (request, reply) => {
    const viewer = viewerOf(request)
    const body = readComment(request.body)
    const owner = await findOwner(data, request.params.slug)
    const commenter = await findUser(data, viewer)
    if (commenter === null) throw badToken()
    const comment = await addComment(owner, request.params.slug, viewer, body)
    if (comment === null) throw notFound('article')
    const followed = await followedAmong(data, viewer, [viewer])
    return reply.code(201).send({ comment: commentView(comment, commenter, followed.has(viewer)) })
  })

  app.delete<Numbered>(
    '/api/articles/:slug/comments/:id',
    auth.required,
    async (request, reply) => {
      const { slug, id } = request.params
      const owner = await findOwner(data, slug)
      if (!isCommentId(id)) throw notFound('comment')
      const outcome = await deleteComment(owner, slug, id, viewerOf(request))
      if (outcome === 'not found') throw notFound('comment')
      if (outcome === 'forbidden') throw forbidden('comment')
      return reply.code(204).send()
    },
  )
}

/** Commenters live on shards of their own: their profiles are one query, the follows another. */
async function showComments(data: Data, rows: readonly CommentRow[], viewer: string | null) {
  const commenters = [...new Set(rows.map((row) => row.commenter_id))]
  const [profiles, followed] = await Promise.all([
    profilesOf(data, commenters),
    followedAmong(data, viewer, commenters),
  ])
  const comments = rows.map((row) =>
    commentView(row, profiles.get(row.commenter_id), followed.has(row.commenter_id)),
  )
  return { comments }
}

const isCommentId = (text: string) => /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))

function readComment(body: unknown): string {
  const fields = new Fields(body, 'comment')
  const text = fields.required('body', rules.comment)
  fields.check()
  return text
}
