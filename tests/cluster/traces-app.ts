// A small app with a database, whose requests are followed: `node traces-app.ts`. Not a test.
import { data, log, serve } from 'banyan'
import { Pool } from 'banyan/pg'
import Fastify from 'fastify'

const app = Fastify()
const pool = new Pool()

app.post<{ Params: { user: string }; Body: { text: string } }>('/notes/:user', async (request) => {
  const { user } = request.params
  const { text } = request.body
  await data.of(user).transaction(async (tx) => {
    await tx.sql`insert into notes (user_id, body) values (${user}, ${text})`
    await tx.sql`select body from notes where user_id = ${user} and body <> 'secret-literal'`
  })
  const { rows } = await pool.query("select count(*) from notes where body <> 'secret-literal'")
  log().info('note written')
  return { rows, traceparent: request.headers.traceparent }
})

app.get('/fails', async () => {
  await data.of('ann').read`select body from missing where user_id = ${'ann'}`
})

app.get('/fine', async () => 'fine')

await serve(app)
