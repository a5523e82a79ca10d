import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { WebSocket } from 'ws'
import { freshName, password } from '../../apps/conduit/src/testing/client.ts'
import { type ConduitDatabase, createConduitDatabase } from './conduit-system.ts'
import { RawConnection, type ServeProcess, startServe, until } from './serve-process.ts'

const script = fileURLToPath(new URL('../../apps/conduit/src/main.ts', import.meta.url))

let postgres: TestPostgres
let database: ConduitDatabase
let webs: ServeProcess[] = []
let token: string
const author = freshName()

const startWeb = (): Promise<ServeProcess> =>
  startServe({ app: '', script, env: { BANYAN_SYSTEM: database.runtimeFile } })

const web = (n: number): ServeProcess => webs[n] as ServeProcess

before(async () => {
  postgres = await startPostgres()
  database = await createConduitDatabase(postgres)
  webs = await Promise.all([startWeb(), startWeb()])
  const user = { username: author, email: `${author}@example.com`, password }
  const { body } = await post(web(0), '/api/users', { user })
  token = body.user.token
})
after(async () => {
  await Promise.all(webs.map((running) => running[Symbol.asyncDispose]()))
  await database?.remove()
  await postgres?.stop()
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by assertions, not by types.
type Posted = { readonly status: number; readonly body: any }

async function post(running: ServeProcess, path: string, body: unknown): Promise<Posted> {
  const headers = { 'content-type': 'application/json', authorization: `Token ${token}` }
  const answer = await fetch(`${running.url}${path}`, {
    method: 'POST',
    headers: path === '/api/users' ? { 'content-type': 'application/json' } : headers,
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: await answer.json() }
}

async function publish(running: ServeProcess, title: string): Promise<string> {
  const article = { title, description: 'About', body: 'Text' }
  const { status, body } = await post(running, '/api/articles', { article })
  assert.equal(status, 201)
  return body.article.slug
}

type Listening = {
  readonly socket: WebSocket
  readonly told: { type: string; slug: string; title: string; author: string }[]
  readonly closed: Promise<number>
}

async function listen(running: ServeProcess): Promise<Listening> {
  const socket = new WebSocket(`ws://127.0.0.1:${running.port}/api/articles/live`)
  const told: Listening['told'] = []
  socket.on('message', (data) => told.push(JSON.parse(String(data))))
  const closed = once(socket, 'close').then(([code]) => code as number)
  await once(socket, 'open')
  return { socket, told, closed }
}

test('whoever listens, on any web server, is told of an article once, and of none from before', async () => {
  await publish(web(0), 'Before')
  const listening = await Promise.all([listen(web(0)), listen(web(1)), listen(web(1))])
  const first = await publish(web(0), 'First <one>')
  const second = await publish(web(1), 'Second "one"')
  await until(() => listening.every(({ told }) => told.length >= 2))
  await sleep(1_200)
  for (const { told } of listening) {
    const expected = [
      { type: 'article', slug: first, title: 'First <one>', author },
      { type: 'article', slug: second, title: 'Second "one"', author },
    ]
    assert.deepEqual(told, expected)
  }
  for (const { socket } of listening) socket.close()
  await Promise.all(listening.map(({ closed }) => closed))
})

test('of many articles published at once by two web servers none is missed', async () => {
  const { told, socket } = await listen(web(1))
  const slugs = await Promise.all(
    Array.from({ length: 60 }, (_, n) => publish(web(n % 2), `Many ${n}`)),
  )
  await until(() => told.length >= slugs.length)
  assert.deepEqual(told.map(({ slug }) => slug).sort(), slugs.sort())
  socket.close()
})

test('without an upgrade the path says what it wants', async () => {
  for (const method of ['GET', 'HEAD']) {
    const answer = await fetch(`${web(0).url}/api/articles/live`, { method })
    assert.equal(answer.status, 426)
    assert.equal(answer.headers.get('upgrade'), 'websocket')
  }
})

test('an upgrade of another path is answered and ended', async () => {
  for (const [path, status] of [
    ['/api/tags', 200],
    ['/nowhere', 404],
  ] as const) {
    const client = await RawConnection.open(web(0).port)
    client.send(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
    assert.equal((await client.answer()).status, status)
    await client.untilClosed()
    client.destroy()
  }
})

test('a client that talks too much is closed with 1009', async () => {
  const { socket, closed } = await listen(web(0))
  socket.send('x'.repeat(2_000))
  assert.equal(await closed, 1009)
})

test('when a web server stops its listeners are closed with 1001, and another goes on telling', async () => {
  const [gone, stays] = await Promise.all([listen(web(0)), listen(web(1))])
  const began = performance.now()
  web(0).kill('SIGTERM')
  const during = await publish(web(1), 'During')
  await until(() => gone.told.length === 1 && stays.told.length === 1)
  assert.equal(gone.told[0]?.slug, during, 'it is told until its end')
  assert.equal(await gone.closed, 1001)
  assert.ok(performance.now() - began < 9_000)
  assert.equal(await web(0).ended, 0)
  const again = await listen(web(1))
  const later = await publish(web(1), 'Later')
  await until(() => again.told.length === 1 && stays.told.length === 2)
  assert.deepEqual([again.told[0]?.slug, stays.told[1]?.slug], [later, later])
  again.socket.close()
  stays.socket.close()
})
