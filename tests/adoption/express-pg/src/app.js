const express = require('express')
const { pool } = require('./db')

const app = express()
app.use(express.json())

app.get('/health', (_req, res) => res.json({ ok: true }))

app.post('/people', async (req, res) => {
  const { email, name } = req.body
  try {
    const { rows } = await pool.query(
      'insert into people (email, name) values ($1, $2) returning *',
      [email, name],
    )
    res.status(201).json(rows[0])
  } catch (error) {
    if (error.code !== '23505') throw error
    res.status(409).json({ error: 'that email is taken' })
  }
})

app.get('/people/:person/bookmarks', async (req, res) => {
  const { rows } = await pool.query(
    'select id, url, title, visits from bookmarks where person_id = $1 order by created_at',
    [req.params.person],
  )
  res.json(rows)
})

app.post('/people/:person/bookmarks', async (req, res) => {
  const { url, title } = req.body
  const { rows } = await pool.query(
    'insert into bookmarks (person_id, url, title) values ($1, $2, $3) returning id, url, title, visits',
    [req.params.person, url, title],
  )
  res.status(201).json(rows[0])
})

app.post('/people/:person/bookmarks/:id/visit', async (req, res) => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query(
      'select visits from bookmarks where person_id = $1 and id = $2 for update',
      [req.params.person, req.params.id],
    )
    if (rows.length === 0) {
      await client.query('rollback')
      res.status(404).json({ error: 'no such bookmark' })
      return
    }
    await client.query('update bookmarks set visits = $3 where person_id = $1 and id = $2', [
      req.params.person,
      req.params.id,
      rows[0].visits + 1,
    ])
    await client.query('commit')
    res.json({ visits: rows[0].visits + 1 })
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
})

app.get('/popular', async (_req, res) => {
  const { rows } = await pool.query(
    `select b.title, b.visits, p.name from bookmarks b join people p on p.id = b.person_id
     order by b.visits desc, b.title limit 10`,
  )
  res.json(rows)
})

module.exports = { app }
