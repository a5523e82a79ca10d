import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { viewerOf } from '../http/auth.ts'
import { Fields } from '../http/fields.ts'
import { forbidden, notFound } from '../http/problem.ts'
import { rules, tagsMax } from '../http/rules.ts'
import {
  createArticle,
  deleteArticle,
  ownerOf,
  readArticle,
  updateArticle,
} from '../store/articles.ts'
import type { Data, Readable, Scope } from '../store/data.ts'
import { favorite, unfavorite } from '../store/favorites.ts'
import { followedAmong } from '../store/profiles.ts'
import { articleView } from '../views.ts'

type Slugged = { Params: { slug: string } }

export function articleRoutes(app: FastifyInstance, context: Context): void {
  const { data, auth, totals, record } = context

  app.get<Slugged>('/api/articles/:slug', auth.optional, async (request) => {
    const { slug } = request.params
    const owner = await findOwner(data, slug)
    return showArticle(data, owner, owner.key, slug, request.viewer)
  })

  app.post('/api/articles', auth.required, async (request, reply) => {
    const viewer = viewerOf(request)
    const slug = await createArticle(data, viewer, readNewArticle(request.body))
    totals.articles.adjust((count) => count + 1)
    record('article.published', { subject: slug })
    return reply.code(201).send(await showArticle(data, data.of(viewer), viewer, slug, viewer))
  })

  app.put<Slugged>('/api/articles/:slug', auth.required, async (request) => {
    const viewer = viewerOf(request)
    const changes = readChanges(request.body)
    const owner = await findOwn(data, request.params.slug, viewer)
    const slug = await updateArticle(data, viewer, request.params.slug, changes)
    if (slug === null) throw notFound('article')
    return showArticle(data, owner, viewer, slug, viewer)
  })

  app.delete<Slugged>('/api/articles/:slug', auth.required, async (request, reply) => {
    const viewer = viewerOf(request)
    await findOwn(data, request.params.slug, viewer)
    if (!(await deleteArticle(data, viewer, request.params.slug))) throw notFound('article')
    totals.articles.adjust((count) => count - 1)
    return reply.code(204).send()
  })

  const favoriting = (change: typeof favorite) => async (slug: string, viewer: string) => {
    const owner = await findOwner(data, slug)
    await change(owner, slug, viewer)
    return showArticle(data, owner, owner.key, slug, viewer)
  }
  const add = favoriting(favorite)
  const remove = favoriting(unfavorite)

  app.post<Slugged>('/api/articles/:slug/favorite', auth.required, (request) =>
    add(request.params.slug, viewerOf(request)),
  )
  app.delete<Slugged>('/api/articles/:slug/favorite', auth.required, (request) =>
    remove(request.params.slug, viewerOf(request)),
  )
}

/** The scope of the author of an article, or 404. */
export async function findOwner(data: Data, slug: string): Promise<Scope> {
  const owner = await ownerOf(data, slug)
  if (owner === null) throw notFound('article')
  return owner
}

/** The same, for what only the author may do: the scope's key is the author. */
async function findOwn(data: Data, slug: string, viewer: string): Promise<Scope> {
  const owner = await findOwner(data, slug)
  if (owner.key !== viewer) throw forbidden('article')
  return owner
}

async function showArticle(
  data: Data,
  scope: Readable,
  author: string,
  slug: string,
  viewer: string | null,
) {
  const [row, followed] = await Promise.all([
    readArticle(scope, author, slug, viewer),
    followedAmong(data, viewer, [author]),
  ])
  if (row === null) throw notFound('article')
  return articleView(row, followed.has(author))
}

function readNewArticle(body: unknown) {
  const fields = new Fields(body, 'article')
  const article = {
    title: fields.required('title', rules.title),
    description: fields.required('description', rules.description),
    body: fields.required('body', rules.body),
    tags: fields.list('tagList', rules.tag, tagsMax) ?? [],
  }
  fields.check()
  return article
}

function readChanges(body: unknown) {
  const fields = new Fields(body, 'article')
  const changes = {
    title: fields.optional('title', rules.title),
    description: fields.optional('description', rules.description),
    body: fields.optional('body', rules.body),
    tags: fields.list('tagList', rules.tag, tagsMax),
  }
  fields.check()
  return changes
}
