const assert = require('node:assert/strict')
const { after, before, test } = require('node:test')
const { migrate } = require('../scripts/migrate')
const { app } = require('../src/app')
const { pool } = require('../src/db')

let server
let url

before(async () => {
  await migrate()
  await pool.query('truncate bookmarks, people')
  server = app.listen(0)
  url = `http://127.0.0.1:${server.address().port}`
})

after(async () => {
  server.close()
  await pool.end()
})

const post = (path, body) =>
  fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

test('a bookmark is listed with its person', async () => {
  const ada = await (await post('/people', { email: 'ada@example.com', name: 'Ada' })).json()
  const made = await post(`/people/${ada.id}/bookmarks`, { url: 'https://a.example', title: 'A' })
  assert.equal(made.status, 201)
  const list = await (await fetch(`${url}/people/${ada.id}/bookmarks`)).json()
  assert.deepEqual(
    list.map((one) => one.title),
    ['A'],
  )
})

test('an email is taken only once', async () => {
  await post('/people', { email: 'eve@example.com', name: 'Eve' })
  const again = await post('/people', { email: 'eve@example.com', name: 'Eve' })
  assert.equal(again.status, 409)
})

test('visits are counted, also at the same time', async () => {
  const bob = await (await post('/people', { email: 'bob@example.com', name: 'Bob' })).json()
  const made = await post(`/people/${bob.id}/bookmarks`, { url: 'https://b.example', title: 'B' })
  const { id } = await made.json()
  await Promise.all(
    Array.from({ length: 20 }, () => post(`/people/${bob.id}/bookmarks/${id}/visit`, {})),
  )
  const popular = await (await fetch(`${url}/popular`)).json()
  assert.deepEqual(popular[0], { title: 'B', visits: 20, name: 'Bob' })
})

test('a bookmark that is not there cannot be visited', async () => {
  const nobody = '00000000-0000-4000-8000-000000000000'
  const answer = await post(`/people/${nobody}/bookmarks/${nobody}/visit`, {})
  assert.equal(answer.status, 404)
})
