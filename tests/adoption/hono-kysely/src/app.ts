import { Hono } from 'hono'
import { db } from './db.ts'

export const app = new Hono()

app.post('/polls', async (c) => {
  const { question } = await c.req.json<{ question: string }>()
  const poll = await db
    .insertInto('polls')
    .values({ question })
    .returningAll()
    .executeTakeFirstOrThrow()
  return c.json(poll, 201)
})

app.put('/polls/:id/votes/:voter', async (c) => {
  const { choice } = await c.req.json<{ choice: string }>()
  const { id, voter } = c.req.param()
  await db
    .insertInto('votes')
    .values({ poll_id: id, voter, choice })
    .onConflict((conflict) => conflict.columns(['poll_id', 'voter']).doUpdateSet({ choice }))
    .execute()
  return c.body(null, 204)
})

app.get('/polls/:id', async (c) => {
  const poll = await db
    .selectFrom('polls')
    .selectAll()
    .where('id', '=', c.req.param('id'))
    .executeTakeFirst()
  if (!poll) return c.json({ error: 'no such poll' }, 404)
  const results = await db
    .selectFrom('votes')
    .select(['choice', ({ fn }) => fn.countAll<string>().as('votes')])
    .where('poll_id', '=', poll.id)
    .groupBy('choice')
    .orderBy('choice')
    .execute()
  return c.json({
    ...poll,
    results: results.map(({ choice, votes }) => ({ choice, votes: Number(votes) })),
  })
})

app.delete('/polls/:id', async (c) => {
  const id = c.req.param('id')
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom('votes').where('poll_id', '=', id).execute()
    await trx.deleteFrom('polls').where('id', '=', id).execute()
  })
  return c.body(null, 204)
})
