import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildApp } from '../src/app.ts'
import { db, pool } from '../src/db.ts'
import { migrateAll } from '../src/migrate.ts'
import { entries, projects } from '../src/schema.ts'

const app = buildApp()

before(async () => {
  await migrateAll()
  await db.delete(entries)
  await db.delete(projects)
})

after(async () => {
  await app.close()
  await pool.end()
})

const post = async (url: string, payload: object) => {
  const answer = await app.inject({ method: 'POST', url, payload })
  return { status: answer.statusCode, body: answer.json() }
}

test('an entry is listed with its project', async () => {
  const { body: project } = await post('/projects', { name: 'Garden' })
  const { status } = await post(`/projects/${project.id}/entries`, { what: 'dig', minutes: 30 })
  assert.equal(status, 201)
  const shown = (await app.inject(`/projects/${project.id}`)).json()
  assert.equal(shown.name, 'Garden')
  assert.equal(shown.entries[0].what, 'dig')
})

test('time is moved between projects, whole or not at all', async () => {
  const [a, b] = [await post('/projects', { name: 'A' }), await post('/projects', { name: 'B' })]
  await post(`/projects/${a.body.id}/entries`, { what: 'work', minutes: 60 })
  await post(`/projects/${b.body.id}/move`, { from: a.body.id, minutes: 20 })
  const nobody = '00000000-0000-4000-8000-000000000000'
  const failed = await post(`/projects/${nobody}/move`, { from: a.body.id, minutes: 20 })
  assert.equal(failed.status, 500)
  const totals = (await app.inject('/totals')).json()
  assert.deepEqual(
    totals.filter(({ name }: { name: string }) => name !== 'Garden'),
    [
      { name: 'A', minutes: 40 },
      { name: 'B', minutes: 20 },
    ],
  )
})

test('a project that is not there is not found', async () => {
  const answer = await app.inject('/projects/00000000-0000-4000-8000-000000000000')
  assert.equal(answer.statusCode, 404)
})
