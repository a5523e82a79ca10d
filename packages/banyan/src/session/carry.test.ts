import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openSession } from './carry.ts'
import { readToken, writeToken } from './token.ts'

const secret = 'secret'
const marks = new Map([['shard-1', { term: 2, lsn: 48n }]])

/** One request to a server whose handler is given, answered as a client sees it. */
async function ask(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  headers: Record<string, string> = {},
): Promise<Response> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await fetch(`http://127.0.0.1:${port}/`, { headers })
  } finally {
    server.close()
  }
}

/** What a handler does that writes, and then answers in some way. */
const writing =
  (answer: (response: ServerResponse) => void) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const session = openSession(request, response, secret, 'web-1')
    session.wrote('shard-1', { term: 2, lsn: 48n })
    answer(response)
  }

const ways: Record<string, (response: ServerResponse) => void> = {
  'end alone': (response) => void response.end('ok'),
  'setHeader and end': (response) => {
    response.setHeader('set-cookie', 'own=1')
    response.setHeader('x-own', 'yes')
    response.end('ok')
  },
  'writeHead with an object': (response) => {
    response.writeHead(201, { 'Set-Cookie': ['own=1', 'two=2'], 'x-own': 'yes' }).end('ok')
  },
  'writeHead with a reason': (response) => {
    response.writeHead(201, 'Made', { 'set-cookie': 'own=1', 'x-own': 'yes' }).end('ok')
  },
  'writeHead with a flat list': (response) => {
    response.writeHead(201, ['set-cookie', 'own=1', 'x-own', 'yes']).end('ok')
  },
}

for (const [way, answer] of Object.entries(ways)) {
  test(`an answer by ${way} carries the token beside its own cookies`, async () => {
    const response = await ask(writing(answer))
    assert.deepEqual(readToken(response.headers.get('banyan-session') ?? '', secret), marks)
    const cookies = response.headers.getSetCookie()
    const ours = cookies.find((cookie) => cookie.startsWith('banyan-session-web-1='))
    assert.match(ours ?? '', /; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/)
    if (way === 'end alone') return
    assert.ok(cookies.includes('own=1'), cookies.join(' | '))
    assert.equal(response.headers.get('x-own'), 'yes')
    assert.equal(await response.text(), 'ok')
  })
}

test('a request that wrote nothing sets nothing', async () => {
  const response = await ask((request, answer) => {
    openSession(request, answer, secret, 'web-1')
    answer.end('ok')
  })
  assert.equal(response.headers.get('banyan-session'), null)
  assert.deepEqual(response.headers.getSetCookie(), [])
})

test('tokens come from the cookies of several processes and from the header', async () => {
  const token = (lsn: bigint): string =>
    writeToken(new Map([['shard-1', { term: 1, lsn }]]), secret)
  const seen: unknown[] = []
  await ask(
    (request, answer) => {
      seen.push(openSession(request, answer, secret, 'web-1').markOf('shard-1'))
      answer.end()
    },
    {
      cookie: `a=b; banyan-session-web-1=${token(1n)}; banyan-session-web-2=${token(7n)}`,
      'banyan-session': `${token(3n)}, ${token(9n)}`,
    },
  )
  assert.deepEqual(seen, [{ term: 1, lsn: 9n }])
})
