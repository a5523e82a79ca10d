import './support/measured.ts'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { MetricsTarget } from '@banyan/model'
import { type ClimbSystem, startClimbSystem } from './support/climbs.ts'
import { type SignedIn, signIn } from './support/signed-in.ts'
import { until } from './support/until.ts'

/*
 * Secrets are put wherever an app and its users have them, and then looked for wherever somebody may look: on every
 * page, in every log, metric and span, and in the very bytes that the store keeps.
 */

/** What a client sends that is nobody's business, each at another place of its request. */
const sent = {
  password: 'seeded-password-5f1e',
  header: 'seeded-authorization-77aa',
  cookie: 'seeded-cookie-c0de',
  query: 'seeded-query-90ab',
  body: 'seeded-body-1c3d',
} as const

/** What may hold secrets, since it is of mode 0600: what processes are told, and what names them. */
const isPrivate = (path: string): boolean =>
  /(^|\/)(secrets|store|system|node|run|up|catalog)\.json$|\.token$|runtime|gateway\.json$/.test(
    path,
  )

describe('nothing secret', { timeout: 240_000 }, () => {
  let system: ClimbSystem
  let signedIn: SignedIn
  let token = ''
  const secrets = new Map<string, string>(Object.entries(sent))

  before(async () => {
    system = await startClimbSystem({ rungs: 'balanced' })
    const { url } = await system.json<{ url: string }>('console')
    signedIn = await signIn(url)
    token = new URL(url).searchParams.get('token') ?? ''
    secrets
      .set('one-time token', token)
      .set('cookie of the console', signedIn.cookie.split('=')[1] ?? '')
    const own = JSON.parse(await readFile(join(system.state, 'secrets.json'), 'utf8')) as Record<
      string,
      string
    >
    for (const [name, value] of Object.entries(own)) secrets.set(name, value)
    await useTheApp(system.url)
    await untilKept()
  })
  after(async () => await system?.remove())

  it('is on a page of the console, or in what it is told', async () => {
    const paths = ['/', '/api/ladder', '/api/releases', '/api/audit', '/api/data/tables']
    const store = [
      'health',
      'live',
      'logs?limit=1000',
      'traces?limit=200',
      'business',
      'marks',
    ].map((it) => `/api/store/${it}`)
    for (const path of [...paths, ...store]) await finds(path, await ofConsole(path))
    const { traces } = JSON.parse(await ofConsole('/api/store/traces?limit=200')) as {
      traces: { trace: string }[]
    }
    assert.ok(traces.length > 0, 'no trace is kept')
    for (const { trace } of traces.slice(0, 50)) {
      await finds(`trace ${trace}`, await ofConsole(`/api/store/traces/${trace}`))
    }
    await finds('/api/live', await firstOfStream('/api/live'))
    await finds('status', JSON.stringify(await system.status()))
  })

  it('is a metric', async () => {
    const { metricsToken = '' } = JSON.parse(
      await readFile(join(system.state, 'secrets.json'), 'utf8'),
    )
    const targets = JSON.parse(
      await readFile(join(system.state, 'targets.json'), 'utf8'),
    ) as MetricsTarget[]
    assert.ok(targets.length >= 4)
    for (const {
      targets: [place],
      labels,
    } of targets) {
      const answer = await fetch(`http://${place}/-/metrics`, {
        headers: { authorization: `Bearer ${metricsToken}` },
      })
      assert.equal(answer.status, 200, `${labels.node}`)
      await finds(`metrics of ${labels.node}`, await answer.text())
    }
  })

  it('is in a log, in the store, or in any other file that is not closed to everybody else', async () => {
    const files = (await readdir(system.state, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter(
        (path) => !/\/(snapshots|modules|cache|releases)\//.test(path) && !/\/data\//.test(path),
      )
    assert.ok(files.some((path) => path.endsWith('control.log')))
    let kept = ''
    for (const path of files) {
      if (isPrivate(path.slice(system.state.length))) continue
      const text = await readFile(path, 'latin1').catch(() => '')
      if (path.includes('/store/')) kept += text
      await finds(path, text)
    }
    assert.match(kept, /request finished/, 'what the store keeps can be read as it is')
  })

  async function finds(where: string, text: string): Promise<void> {
    for (const [name, value] of secrets) {
      assert.ok(!text.includes(value), `${name} is in ${where}`)
      const escaped = encodeURIComponent(value)
      assert.ok(escaped === value || !text.includes(escaped), `${name} is in ${where}, escaped`)
    }
  }

  async function ofConsole(path: string): Promise<string> {
    const { origin, cookie } = signedIn
    const answer = await fetch(`${origin}${path}`, { headers: { cookie } })
    assert.equal(answer.status, 200, path)
    return await answer.text()
  }

  async function firstOfStream(path: string): Promise<string> {
    const { origin, cookie } = signedIn
    const answer = await fetch(`${origin}${path}`, { headers: { cookie } })
    const reader = answer.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    await reader?.cancel()
    return new TextDecoder().decode(value)
  }

  /** Until the store has what was done last: its line, and a trace of a request that failed or was in the share. */
  async function untilKept(): Promise<void> {
    await until(
      async () => {
        const traces = await ofConsole('/api/store/traces?limit=200').catch(() => '{"traces":[]}')
        const lines = await ofConsole('/api/store/logs?text=finished&limit=1000').catch(() => '')
        return JSON.parse(traces).traces.length > 0 && lines.includes('request finished')
      },
      'the store keeps a trace and the log',
      60_000,
    )
  }
})

/** A user who signs up, signs in wrongly and rightly, and asks; enough of them that some traces are kept. */
async function useTheApp(url: string): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    authorization: `Token ${sent.header}`,
    cookie: `session=${sent.cookie}`,
  }
  const post = async (path: string, body: object): Promise<Response> =>
    await fetch(`${url}${path}?key=${sent.query}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
  const user = { username: 'seeded', email: 'seeded@example.com', password: sent.password }
  await (await post('/api/users', { user })).text()
  for (const password of [sent.password, `${sent.password}-wrong`]) {
    await (await post('/api/users/login', { user: { ...user, password } })).text()
  }
  await (
    await post('/api/articles', { article: { title: 'a', description: 'b', body: sent.body } })
  ).text()
  for (let count = 0; count < 600; count += 1) {
    await (await fetch(`${url}/api/articles?limit=1&key=${sent.query}`, { headers })).text()
  }
}
