import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runHurl } from '@banyan/testing'
import { type ServeHandle, serve } from 'banyan'
import { createPasswords } from '../../apps/conduit/src/passwords.ts'
import {
  type Client,
  clientOf,
  freshName,
  password,
} from '../../apps/conduit/src/testing/client.ts'
import { captureStatements } from './conduit-capture.ts'
import { startOnBanyan } from './conduit-system.ts'

const requests = new URL('../../../shared/realworld/hurl/', import.meta.url).pathname

let conduit: Awaited<ReturnType<typeof startOnBanyan>>
let server: ServeHandle
let api: Client
before(async () => {
  conduit = await startOnBanyan({ node: 'web-<1>', passwords: createPasswords({ concurrency: 1 }) })
  api = clientOf(conduit.app)
  server = await serve(conduit.app, { port: 0, ownProcess: false, requestLogs: false })
})
after(async () => {
  await server?.stop()
  await conduit?.stop()
})

const absent = existsSync(requests) ? false : 'the requests of RealWorld are not on this machine'

it('every request of the RealWorld suite is answered as it asks', { skip: absent }, async () => {
  const report = await runHurl({ directory: requests, host: server.url, uid: freshName('hurl') })
  assert.deepEqual(report.failures, [])
  assert.deepEqual([report.requests, report.bodyChecks], [154, 384])
})

it('the landing page says what runs, with live numbers, and nothing that it was not told', async () => {
  const before = await (await fetch(server.url)).text()
  assert.match(before, /Conduit on Banyan/)
  assert.match(before, /web-&lt;1&gt;/)
  const articles = (page: string) => Number(/Articles<\/dt><dd>(\d+)/.exec(page)?.[1])
  await api.write(await api.register(freshName()))
  const response = await fetch(server.url)
  assert.equal(articles(await response.text()), articles(before) + 1)
  assert.match(String(response.headers.get('content-type')), /text\/html/)
})

it('the landing page may run its own script, which listens for new articles, and no other', async () => {
  const response = await fetch(server.url)
  const script = /<script>([\s\S]*)<\/script>/.exec(await response.text())?.[1] ?? ''
  assert.match(script, /\/api\/articles\/live/)
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = String(response.headers.get('content-security-policy'))
  assert.ok(policy.includes(`script-src 'sha256-${hash}';`), policy)
  assert.doesNotMatch(policy, /script-src[^;]*unsafe/)
})

it('a front end of any origin may ask', async () => {
  const path = `${server.url}/api/user`
  const asked = await fetch(path, { method: 'OPTIONS', headers: { origin: 'https://example.com' } })
  assert.equal(asked.status, 204)
  assert.match(String(asked.headers.get('access-control-allow-headers')), /authorization/)
  const answer = await fetch(path)
  assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [401, '*'])
})

it('a list of twenty articles takes as many statements as a list of two', async () => {
  const tag = freshName('tag')
  const viewer = await api.register(freshName())
  const fill = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const author = freshName()
      const token = await api.register(author)
      const { slug } = await api.write(token, { tagList: [tag, 'a', 'b'] })
      await api.call('POST', `/api/profiles/${author}/follow`, undefined, viewer)
      await api.call('POST', `/api/articles/${slug}/comments`, { comment: { body: 'c' } }, token)
    }
  }
  const paths = ['/api/articles', '/api/articles/feed', `/api/articles?tag=${tag}`]
  const counts = async () => {
    const counted: number[] = []
    for (const path of paths) {
      const capture = captureStatements()
      const { body } = await api.get(path, viewer)
      capture.stop()
      assert.ok(body.articles.length >= 2)
      // The total of all articles is counted once a second, whatever the number of requests.
      counted.push(
        capture.captured.filter(
          ({ text }) =>
            !text.includes('sum(articles_count), 0)::int as count from users where articles_count'),
        ).length,
      )
    }
    return counted
  }
  await fill(2)
  const few = await counts()
  await fill(20)
  assert.deepEqual(await counts(), few)
  assert.ok(
    few.every((count) => count <= 3),
    few.join(),
  )
})

it('comments of many users take as many statements as comments of one', async () => {
  const token = await api.register(freshName())
  const path = `/api/articles/${(await api.write(token)).slug}/comments`
  const count = async () => {
    const capture = captureStatements()
    await api.get(path, token)
    capture.stop()
    return capture.captured.length
  }
  const comment = { comment: { body: 'c' } }
  await api.call('POST', path, comment, token)
  const one = await count()
  for (let index = 0; index < 10; index++) {
    await api.call('POST', path, comment, await api.register(freshName()))
  }
  assert.equal(await count(), one)
})

it('readers are served while fifty logins wait for their turn', async (context) => {
  const username = freshName()
  await api.register(username)
  const login = () =>
    fetch(`${server.url}/api/users/login`, {
      method: 'POST',
      body: JSON.stringify({ user: { email: `${username}@example.com`, password } }),
    })
  let waiting = 50
  const logins = Array.from({ length: waiting }, async () => {
    const { status } = await login()
    waiting--
    return status
  })
  const readsMs: number[] = []
  while (waiting > 0) {
    const begun = performance.now()
    assert.equal((await fetch(`${server.url}/api/articles`)).status, 200)
    if (waiting > 0) readsMs.push(performance.now() - begun)
  }
  assert.deepEqual(new Set(await Promise.all(logins)), new Set([200]))
  const median = readsMs.sort((a, b) => a - b)[readsMs.length >> 1] ?? Number.POSITIVE_INFINITY
  context.diagnostic(`${readsMs.length} reads, median ${Math.round(median)} ms`)
  // One after the other: behind the logins there would be one.
  assert.ok(readsMs.length >= 10, `${readsMs.length} reads`)
})

it('more logins than may wait are sent away with 503 and a time to come back', async () => {
  const email = `${freshName()}@example.com`
  const statuses = await Promise.all(
    Array.from({ length: 130 }, async () => {
      const body = { user: { email, password } }
      const { status, headers } = await api.call('POST', '/api/users/login', body)
      return status === 503 ? Number(headers['retry-after']) > 0 && 503 : status
    }),
  )
  assert.deepEqual(new Set(statuses), new Set([401, 503]))
  assert.equal((await api.get('/api/articles')).status, 200)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('without its database it says 503 and when to come back, and goes on once it is there', async () => {
  const username = freshName()
  const token = await api.register(username)
  // Killed with -9 its orphans would still answer for a while; an immediate shutdown takes them along.
  const { pid } = conduit.postgres
  conduit.postgres.kill('SIGQUIT')
  while (isAlive(pid)) await sleep(10)
  const user = { bio: 'written while nobody listens' }
  const [read, write] = await Promise.all([
    fetch(`${server.url}/api/profiles/${username}`),
    api.call('PUT', '/api/user', { user }, token),
  ])
  assert.deepEqual([read.status, read.headers.get('retry-after')], [503, '1'])
  assert.deepEqual(Object.keys((await read.json()) as object), ['errors'])
  assert.equal(write.status, 503)
  await conduit.postgres.restart()
  assert.equal((await fetch(`${server.url}/api/profiles/${username}`)).status, 200)
})
