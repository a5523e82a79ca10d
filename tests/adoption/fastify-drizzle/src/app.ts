import { desc, eq, sum } from 'drizzle-orm'
import Fastify from 'fastify'
import { db } from './db.ts'
import { entries, projects } from './schema.ts'

type Project = { Params: { project: string } }

export function buildApp() {
  const app = Fastify({ logger: process.env.NODE_ENV === 'production' })

  app.post<{ Body: { name: string } }>('/projects', async (request, reply) => {
    const [project] = await db.insert(projects).values({ name: request.body.name }).returning()
    return reply.code(201).send(project)
  })

  app.post<Project & { Body: { what: string; minutes: number } }>(
    '/projects/:project/entries',
    async (request, reply) => {
      const { what, minutes } = request.body
      const projectId = request.params.project
      const [entry] = await db.insert(entries).values({ projectId, what, minutes }).returning()
      return reply.code(201).send(entry)
    },
  )

  app.get<Project>('/projects/:project', async (request, reply) => {
    const project = await db.query.projects.findFirst({
      where: eq(projects.id, request.params.project),
    })
    if (!project) return reply.code(404).send({ error: 'no such project' })
    const list = await db
      .select()
      .from(entries)
      .where(eq(entries.projectId, project.id))
      .orderBy(entries.at)
    return { ...project, entries: list }
  })

  app.post<Project & { Body: { from: string; minutes: number } }>(
    '/projects/:project/move',
    async (request) =>
      db.transaction(async (tx) => {
        const { from, minutes } = request.body
        const to = request.params.project
        await tx.insert(entries).values({ projectId: from, what: 'moved away', minutes: -minutes })
        await tx.insert(entries).values({ projectId: to, what: 'moved here', minutes })
        return { moved: minutes }
      }),
  )

  app.get('/totals', async () => {
    const minutes = sum(entries.minutes).mapWith(Number)
    return db
      .select({ name: projects.name, minutes })
      .from(projects)
      .innerJoin(entries, eq(entries.projectId, projects.id))
      .groupBy(projects.id)
      .orderBy(desc(minutes))
  })

  return app
}
