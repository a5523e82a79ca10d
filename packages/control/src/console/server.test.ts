import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import type { Assets } from './assets.ts'
import { ask, linger, ofPage, signIn } from './test-client.ts'
import type { MadeUpConsole } from './testing.ts'
import { serveMadeUp } from './testing.ts'

/* What keeps the console to the browser of whoever was given its address. Over real HTTP. */

const script = `export const text = ${JSON.stringify('banyan '.repeat(200))}`
const assets: Assets = new Map([
  [
    '/',
    {
      type: 'text/html; charset=utf-8',
      body: Buffer.from('<p>console</p>'),
      gzip: null,
      immutable: false,
    },
  ],
  [
    '/assets/index-Abcdef12.js',
    {
      type: 'text/javascript',
      body: Buffer.from(script),
      gzip: Buffer.from('gzipped'),
      immutable: true,
    },
  ],
])

let console: MadeUpConsole
let cookie = ''
let port = 0

before(async () => {
  console = await serveMadeUp({ nodes: 4, assets })
  port = console.port
  cookie = await signIn(console)
})
after(async () => await console.stop())

const errorOf = (text: string): { code: string; message: string; hint: string } =>
  JSON.parse(text).error

test('a one-time address is exchanged for a cookie that no script and no other site gets', async () => {
  const { pathname, search } = new URL(console.freshUrl())
  const first = await ask(port, pathname + search)
  assert.equal(first.status, 303)
  assert.equal(first.headers.location, '/')
  assert.match(
    first.headers['set-cookie']?.[0] ?? '',
    new RegExp(`^banyan-${port}=[^;]+; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200$`),
  )
  const again = await ask(port, pathname + search)
  assert.equal(again.status, 401)
  assert.equal(again.headers['set-cookie'], undefined)
  const reloaded = await ask(port, pathname + search, { headers: { cookie } })
  assert.equal(reloaded.status, 303)
})

test('without a cookie a person is told what to run, and a script gets JSON', async () => {
  const page = await ask(port, '/')
  assert.equal(page.status, 401)
  assert.match(page.headers['content-type'] ?? '', /^text\/html/)
  assert.match(page.text, /banyan console/)
  const api = await ask(port, '/api/ladder')
  assert.equal(api.status, 401)
  assert.equal(errorOf(api.text).code, 'BANYAN_CONSOLE_SIGNED_OUT')
  for (const path of [
    '/assets/index-Abcdef12.js',
    '/api/live',
    '/api/store/health',
    '/api/audit',
  ]) {
    assert.equal((await ask(port, path)).status, 401, path)
  }
})

test('a cookie that is made up, of another system, or of another port opens nothing', async () => {
  const other = await serveMadeUp({ nodes: 1, parts: { secret: 'another-secret' } })
  try {
    const [name = '', value = ''] = cookie.split('=')
    const [id, until, signature] = value.split('.')
    const theirs = (await signIn(other)).replace(/^[^=]+/, name)
    const made = [
      theirs,
      `${name}=${id}.${Number(until) + 1}.${signature}`,
      `${name}=x.${until}.${signature}`,
      `${name}=${value}x`,
      `${name}=`,
      `banyan-${port + 1}=${value}`,
    ]
    for (const one of made) {
      assert.equal((await ask(port, '/api/ladder', { headers: { cookie: one } })).status, 401, one)
    }
    assert.equal((await ask(port, '/api/ladder', { headers: { cookie } })).status, 200)
  } finally {
    await other.stop()
  }
})

test('a cookie holds for the next control, at the same port', async () => {
  const first = await serveMadeUp({ nodes: 1 })
  const given = await signIn(first)
  await first.stop()
  const next = await serveMadeUp({ nodes: 1, port: first.port })
  try {
    const { status } = await ask(next.port, '/api/ladder', { headers: { cookie: given } })
    assert.equal(status, 200)
  } finally {
    await next.stop()
  }
})

test('a name of somebody else that leads here is refused', async () => {
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    `127.0.0.1:${port + 1}`,
    '127.0.0.1',
  ]) {
    const { status, text } = await ask(port, '/', { headers: { host, cookie } })
    assert.equal(status, 403, host)
    assert.equal(errorOf(text).code, 'BANYAN_CONSOLE_REFUSED')
  }
  const nameless = await linger(port, `GET / HTTP/1.0\r\ncookie: ${cookie}\r\n\r\n`)
  assert.match(nameless.text, /^HTTP\/1\.1 403 /)
  const { status } = await ask(port, '/', { headers: { host: `localhost:${port}`, cookie } })
  assert.equal(status, 200)
})

test('what changes something comes from our own page alone, as JSON, and is short', async () => {
  const own = ofPage(port, cookie)
  const kill = async (headers: Record<string, string>, body = '{"node":"web-1"}') =>
    await ask(port, '/api/kill', { method: 'POST', headers, body })
  const before = console.system.asked.length
  for (const origin of [
    'http://evil.example',
    `http://127.0.0.1:${port + 1}`,
    'null',
    `http://localhost:${port}`,
  ]) {
    assert.equal((await kill({ ...own, origin })).status, 403, origin)
  }
  const { origin: _, ...without } = own
  assert.equal((await kill(without)).status, 403)
  assert.equal((await kill({ ...own, 'sec-fetch-site': 'same-site' })).status, 403)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
    assert.equal((await kill({ ...own, 'content-type': type })).status, 403, type)
  }
  assert.equal((await kill(own, `{"node":"${'x'.repeat(1_048_577)}"}`)).status, 413)
  assert.equal((await kill(own, '[1]')).status, 400)
  assert.equal((await kill(own, '{"node":7}')).status, 400)
  assert.equal((await kill(own, 'node=web-1')).status, 400)
  assert.equal(console.system.asked.length, before)
  assert.equal(
    (await kill({ ...own, 'content-type': 'application/json; charset=utf-8' })).status,
    200,
  )
  assert.deepEqual(console.system.asked.slice(before), ['killed web-1'])
})

test('a question of another port of this machine is refused, although its cookie goes along', async () => {
  const headers = { cookie, 'sec-fetch-site': 'same-site' }
  for (const path of ['/api/audit', '/api/live', '/assets/index-Abcdef12.js']) {
    assert.equal((await ask(port, path, { headers })).status, 403, path)
  }
  // Somebody may follow a link to the console.
  assert.equal((await ask(port, '/', { headers })).status, 200)
})

test('every answer says what a page may do, and is not kept where it may change', async () => {
  const keeping = {
    '/': 'no-store',
    '/assets/index-Abcdef12.js': 'public, max-age=31536000, immutable',
    '/api/ladder': 'no-store',
    '/nothing': 'no-store',
  }
  for (const [path, kept] of Object.entries(keeping)) {
    const { headers } = await ask(port, path, { headers: { cookie } })
    assert.equal(headers['cache-control'], kept, path)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; script-src 'self';/)
    assert.doesNotMatch(policy, /unsafe/)
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
})

test('built files are served, compressed where that is taken, and nothing else is', async () => {
  const path = '/assets/index-Abcdef12.js'
  const plain = await ask(port, path, { headers: { cookie } })
  assert.equal(plain.text, script)
  const packed = await ask(port, path, { headers: { cookie, 'accept-encoding': 'gzip, br' } })
  assert.equal(packed.headers['content-encoding'], 'gzip')
  assert.equal(packed.text, 'gzipped')
  for (const odd of [
    '/assets/../../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fetc/passwd',
    '//etc/passwd',
    '/index.html/../secrets.json',
    '/secrets.json',
    '/%00',
  ]) {
    assert.equal((await ask(port, odd, { headers: { cookie } })).status, 404, odd)
  }
  assert.equal((await ask(port, '/', { method: 'PUT', headers: { cookie } })).status, 405)
})

test('without built files the page says how to build them', async () => {
  const bare = await serveMadeUp({ nodes: 1, assets: null })
  try {
    const headers = { cookie: await signIn(bare) }
    const { status, text } = await ask(bare.port, '/', { headers })
    assert.equal(status, 503)
    assert.match(text, /npm run build --workspace apps\/console/)
  } finally {
    await bare.stop()
  }
})

test('metrics are for whoever has their token, and need no cookie', async () => {
  assert.equal((await ask(port, '/-/metrics')).status, 401)
  assert.equal((await ask(port, '/-/metrics', { headers: { cookie } })).status, 401)
  const wrong = { authorization: 'Bearer metrics-token-for-testz' }
  assert.equal((await ask(port, '/-/metrics', { headers: wrong })).status, 401)
  const right = { authorization: 'Bearer metrics-token-for-tests' }
  const { status, text, headers } = await ask(port, '/-/metrics', { headers: right })
  assert.deepEqual([status, text], [200, 'banyan_climb_running 0\n'])
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
})

test('who did what is written down before it is answered, also what was refused', async () => {
  const headers = ofPage(port, cookie)
  const post = async (path: string, body: object, others = {}) =>
    await ask(port, path, {
      method: 'POST',
      headers: { ...headers, ...others },
      body: JSON.stringify(body),
    })
  await post('/api/pause', { node: 'web-1' })
  await post('/api/climb', { direction: 'grow', rungs: ['balanced'] })
  await post('/api/pause', { node: 7 })
  await post('/api/kill', { node: 'web-1' }, { origin: 'http://evil.example' })
  const { text } = await ask(port, '/api/audit', { headers })
  const entries = JSON.parse(text).slice(0, 4)
  const who = cookie.split('=')[1]?.slice(0, 8)
  assert.deepEqual(
    entries.map(({ at: _at, ms: _ms, ...entry }: Record<string, unknown>) => entry),
    [
      { who, action: 'kill', target: null, outcome: 'refused', code: 'BANYAN_CONSOLE_REFUSED' },
      { who, action: 'pause', target: null, outcome: 'refused', code: 'BANYAN_USAGE_INVALID' },
      { who, action: 'climb', target: 'grow balanced', outcome: 'done', code: null },
      { who, action: 'pause', target: 'web-1', outcome: 'done', code: null },
    ],
  )
})

test('an error keeps its code, its words and its hint on the way to the page', async () => {
  const climbing = await serveMadeUp({
    nodes: 1,
    parts: {
      plan: async () => {
        throw new BanyanError('BANYAN_CLIMB_REFUSED', 'It cannot.', { hint: 'Mend it.' })
      },
      ladder: async () => {
        throw new TypeError('a fault of ours')
      },
    },
  })
  try {
    const headers = ofPage(climbing.port, await signIn(climbing))
    const asked = { method: 'POST', headers, body: '{}' }
    const { status, text } = await ask(climbing.port, '/api/plan', asked)
    assert.equal(status, 400)
    assert.deepEqual(errorOf(text), {
      code: 'BANYAN_CLIMB_REFUSED',
      message: 'It cannot.',
      hint: 'Mend it.',
      details: {},
    })
    const broken = await ask(climbing.port, '/api/ladder', { headers })
    assert.equal(broken.status, 500)
    for (const name of ['constructor', '__proto__', 'toString']) {
      assert.equal((await ask(climbing.port, `/api/${name}`, asked)).status, 404, name)
    }
  } finally {
    await climbing.stop()
  }
})

test('who is slow with a request, or sends a large head, is not waited for', async () => {
  const large = await linger(
    port,
    `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
  )
  assert.match(large.text, /^HTTP\/1\.1 4\d\d /)
  const [silent, slow] = await Promise.all([
    linger(port, ''),
    linger(port, `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`),
  ])
  for (const { ms } of [silent, slow]) assert.ok(ms > 3_000 && ms < 15_000, `${ms} ms`)
})

test('the audit log is for its owner alone', async () => {
  const made = await serveMadeUp({ nodes: 1 })
  try {
    await signIn(made)
    const { path } = made.audit
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    const lines = (await readFile(path, 'utf8')).trim().split('\n')
    assert.equal(JSON.parse(lines[0] ?? '').action, 'sign-in')
  } finally {
    await made.stop()
  }
})

test('more connections than it may have are closed at once, and the others are answered', async () => {
  const made = await serveMadeUp({ nodes: 1, assets })
  const sockets = Array.from({ length: 300 }, () => connect({ host: '127.0.0.1', port: made.port }))
  let open = sockets.length
  for (const socket of sockets) {
    socket.on('error', () => {})
    socket.once('close', () => {
      open -= 1
    })
  }
  try {
    // Those that say nothing are closed after five seconds, all at about the same moment.
    const deadline = performance.now() + 4_000
    while (open > 256 && performance.now() < deadline) await sleep(10)
    assert.ok(open > 0 && open <= 256, `${open} are open`)
    sockets[0]?.write(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${made.port}\r\n\r\n`)
    const [answer] = await once(sockets[0] ?? new Socket(), 'data')
    assert.match(String(answer), /^HTTP\/1\.1 401/)
  } finally {
    for (const socket of sockets) socket.destroy()
    await made.stop()
  }
})
