import { randomUUID } from 'node:crypto'
import { data } from 'banyan'
import { Hono } from 'hono'

export const app = new Hono()

// What fails is left to serve: it answers, logs the reason, and in banyan dev says a wrong key at once.
app.onError((error) => {
  throw error
})

app.get('/', (c) => c.text('It runs. Try: POST /people, then /people/:id/notes\n'))

app.post('/people', async (c) => {
  const { email, name } = await c.req.json<{ email: string; name: string }>()
  const id = randomUUID()
  try {
    await data.of(id).write`insert into people (id, email, name) values (${id}, ${email}, ${name})`
  } catch (error) {
    if ((error as { constraint?: string }).constraint !== 'people_email_key') throw error
    return c.json({ error: `${email} is taken` }, 409)
  }
  return c.json({ id }, 201)
})

app.get('/people/:id/notes', async (c) => {
  const id = c.req.param('id')
  return c.json(
    await data.of(id).read`select id, body from notes where person_id = ${id} order by written`,
  )
})

app.post('/people/:id/notes', async (c) => {
  const id = c.req.param('id')
  const { text } = await c.req.json<{ text: string }>()
  const [note] = await data.of(id).write`
    insert into notes (person_id, body) values (${id}, ${text}) returning id, body`
  return c.json(note, 201)
})

app.get('/by-email/:email', async (c) => {
  const person = await data.by('people.email', c.req.param('email'))
  if (person === null) return c.json({ error: 'nobody has that email' }, 404)
  const [row] = await person.read`select id, name from people where id = ${person.key}`
  return c.json(row)
})
