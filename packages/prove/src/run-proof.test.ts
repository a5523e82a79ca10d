import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { WebSocketServer } from 'ws'
import type { ProofOptions } from './options.ts'
import { isFlawless, isProven } from './report.ts'
import { runProof } from './run-proof.ts'
import { defineScenario, type Scenario, type Turn } from './scenario.ts'
import { frontPage } from './scenarios/front-page.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

const servers: Server[] = []
after(() => {
  for (const server of servers) {
    server.closeAllConnections?.()
    server.close()
  }
})

/** A real server in this process; gives its address. */
const serve = async (handler: Handler): Promise<{ url: string; server: Server }> => {
  const server = createServer((request, response) => void handler(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

const prove = <World>(url: string, options: Partial<ProofOptions<World>> = {}) =>
  runProof({ scenario: frontPage() as Scenario<World>, url, rate: 100, seconds: 1, ...options })

/** The values of a few keys in memory, by PUT, GET and DELETE. */
const store = (
  values = new Map<string, string>(),
): { handler: Handler; values: Map<string, string> } => ({
  values,
  handler: async (request, response) => {
    const key = request.url ?? ''
    if (request.method === 'PUT') {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      values.set(key, text)
    }
    if (request.method === 'DELETE') values.delete(key)
    if (request.method === 'GET' && !values.has(key)) response.statusCode = 404
    response.end(values.get(key) ?? '')
  },
})

const readNote = async (turn: Turn, key: string): Promise<string | null> => {
  const answer = await turn.request('GET', `/${key}`, { accept: [404] })
  return answer.status === 404 ? null : answer.expect().text
}

const noteOf = (turn: Turn, key: string) =>
  turn.register<string>(key, { read: (final) => readNote(final, key) })

/** Notes that are written and read, each a register. */
const notes = defineScenario({
  name: 'notes',
  actions: [
    {
      name: 'write',
      kind: 'write',
      weight: 1,
      run: (turn) => {
        const key = turn.pick(['a', 'b', 'c'])
        const body = turn.unique('text')
        return noteOf(turn, key).write(body, () => turn.request('PUT', `/${key}`, { body }))
      },
    },
    {
      name: 'read',
      kind: 'read',
      weight: 1,
      run: (turn) => {
        const key = turn.pick(['a', 'b', 'c'])
        return noteOf(turn, key).read(() => readNote(turn, key))
      },
    },
  ],
})

test('a load sends what its rate and its seconds say, and counts every request once', async () => {
  const { url } = await serve((_request, response) => response.end('ok'))
  const report = await prove(url, { rate: 200, seconds: 1 })
  assert.equal(report.sent, 200)
  assert.equal(report.ok, 200)
  assert.deepEqual(report.failed, { total: 0, byCause: {} })
  assert.equal(report.unknownOutcome, 0)
  assert.equal(report.notStarted, 0)
  assert.equal(report.interrupted, false)
})

test('a scenario that remembers nothing leaves lost, doubled and stale open, and says so', async () => {
  const { url } = await serve((_request, response) => response.end('ok'))
  const report = await prove(url, { rate: 20, seconds: 0.5 })
  assert.deepEqual([report.lost, report.doubled, report.staleReads], [null, null, null])
  assert.match(report.notes.join(), /remembers nothing/)
  assert.ok(isProven(report))
})

test('a system that acknowledges nothing loses nothing, and the report says what that is worth', async () => {
  const { url } = await serve((_request, response) => response.writeHead(503).end())
  const write = (turn: Turn) =>
    turn.register('k').write(turn.unique('v'), () => turn.request('PUT', '/k'))
  const scenario = defineScenario({
    name: 'refused',
    actions: [{ name: 'write', kind: 'write', weight: 1, run: write }],
  })
  const report = await prove(url, { scenario: scenario as Scenario, rate: 20, seconds: 0.5 })
  assert.deepEqual([report.lost, report.acknowledgedWrites, report.ok], [0, 0, 0])
  assert.match(report.notes.join(), /No write was acknowledged/)
  assert.match(report.notes.join(), /No request had a good answer/)
  assert.ok(!isProven(report))
})

test('a server that stalls for a second shows that second in p99, because the load goes on', async () => {
  let stalledUntil = 0
  const { url } = await serve(async (_request, response) => {
    if (stalledUntil === 0) stalledUntil = performance.now() + 1_000
    await delay(Math.max(0, stalledUntil - performance.now()))
    response.end('ok')
  })
  const report = await prove(url, { rate: 200, seconds: 3, connections: 10 })
  assert.equal(report.sent, 600)
  // A third of all visitors came during the stall and waited for its end, half a second on average.
  assert.ok((report.p99Ms ?? 0) > 900, `p99 is ${report.p99Ms}`)
  assert.ok(report.longestGapMs > 900, `gap is ${report.longestGapMs}`)
  assert.ok((report.p50Ms ?? 0) < 900, `p50 is ${report.p50Ms}`)
})

test('a correct server is not accused, and its writes are counted', async () => {
  const { handler } = store()
  const { url } = await serve(handler)
  const report = await prove(url, { scenario: notes })
  assert.equal(report.lost, 0)
  assert.equal(report.doubled, 0)
  assert.equal(report.staleReads, 0)
  assert.equal(report.phantom, 0)
  assert.equal(report.unverified, 0)
  assert.ok((report.acknowledgedWrites ?? 0) > 20)
  assert.equal(report.connections.keepAlive, 17)
  assert.ok(report.connections.oneRequest > 0)
})

test('a value that nobody wrote is found, and told in a sentence', async () => {
  const { handler } = store()
  let reads = 0
  const { url } = await serve((request, response) => {
    if (request.method === 'GET' && ++reads === 20) return response.end('made up')
    return handler(request, response)
  })
  const report = await prove(url, { scenario: notes })
  assert.equal(report.phantom, 1)
  assert.ok(!isProven(report))
  assert.match(report.anomalies[0]?.sentence ?? '', /^[abc]: .*"made up", which nobody wrote\.$/)
})

test('a value that goes back to an older one after the load is lost', async () => {
  const { handler, values } = store()
  let isOver = false
  const { url } = await serve((request, response) => {
    if (isOver) for (const key of values.keys()) values.delete(key)
    return handler(request, response)
  })
  const report = await prove(url, {
    scenario: notes,
    onProgress: ({ phase }) => {
      isOver = phase === 'verifying'
    },
  })
  assert.ok((report.lost ?? 0) > 0)
  assert.ok(!isProven(report))
})

for (const [oneRequest, kinds] of [
  [0, [100, 0]],
  [1, [0, 100]],
] as const) {
  test(`with a share of ${oneRequest} of one request the kinds send ${kinds.join(' and ')}`, async () => {
    const { url } = await serve((_request, response) => response.end('ok'))
    const report = await prove(url, { oneRequest })
    assert.deepEqual(
      report.clients.map(({ sent }) => sent),
      kinds,
    )
  })
}

test('requests and failures are counted by the kind of client, and add up', async () => {
  const { url } = await serve((request, response) => {
    if (request.headers.connection === 'close') return response.writeHead(500).end()
    return response.end('ok')
  })
  const report = await prove(url, { oneRequest: 0.5 })
  const [kept, alone] = report.clients
  assert.ok(kept && alone)
  assert.deepEqual([kept.ok, kept.failed.total], [kept.sent, 0])
  assert.equal(alone.ok, 0)
  assert.deepEqual(alone.failed.byCause, { 500: alone.sent })
  assert.deepEqual(report.failed, alone.failed)
  assert.equal(report.sent, kept.sent + alone.sent)
  assert.equal(report.connections.oneRequest, alone.sent)
  assert.ok(isProven(report) && !isFlawless(report))
})

test('the opening of its connection is in the latency of a client of one request', async () => {
  const waitMs = 300
  const server = createServer((_request, response) => response.end('ok'))
  // The connection is open for the kernel at once; the server looks at it late.
  const gate = createTcpServer({ pauseOnConnect: true }, (socket) => {
    setTimeout(() => server.emit('connection', socket) && socket.resume(), waitMs)
  })
  gate.listen(0, '127.0.0.1')
  await once(gate, 'listening')
  servers.push(gate as Server)
  const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`
  const report = await prove(url, { rate: 20, seconds: 1.5, oneRequest: 0.5, connections: 2 })
  const [kept, alone] = report.clients
  assert.ok((alone?.p50Ms ?? 0) >= waitMs - 5, `${alone?.p50Ms}`)
  assert.ok((kept?.p50Ms ?? waitMs) < waitMs / 2, `${kept?.p50Ms}`)
})

test('WebSockets are visited for as long as the load runs, and do not make a proof', async () => {
  const { url, server } = await serve((_request, response) => response.end('ok'))
  const sockets = new WebSocketServer({ server, path: '/base/live' })
  const scenario = { ...frontPage('/x'), webSocket: '/live' } as Scenario
  const report = await prove(`${url}/base`, { scenario, webSockets: 30, seconds: 2.5 })
  const { webSockets } = report
  assert.deepEqual([webSockets?.opened, webSockets?.failed.total], [30, 0])
  assert.ok((webSockets?.pings ?? 0) >= 30)
  assert.equal(sockets.clients.size, 0)
  assert.ok(isFlawless(report))
  const elsewhere = await prove(url, { webSockets: 1, webSocketPath: '/no' })
  assert.deepEqual(Object.keys(elsewhere.webSockets?.failed.byCause ?? {}), ['HTTP 400'])
  assert.ok(isProven(elsewhere) && !isFlawless(elsewhere))
})

test('connections that are cut leave a write open, and a read failed', async () => {
  const { handler } = store()
  let count = 0
  const { url } = await serve((request, response) => {
    if (request.method === 'PUT' && ++count % 3 === 0) return request.socket.destroy()
    if (request.method === 'PUT' && count % 3 === 1) {
      return handler(request, { end: () => request.socket.destroy() } as unknown as ServerResponse)
    }
    return handler(request, response)
  })
  const report = await prove(url, { scenario: notes })
  assert.ok(report.unknownOutcome > 10, `${report.unknownOutcome} unknown`)
  assert.equal(report.sent, report.ok + report.failed.total + report.unknownOutcome)
  assert.ok(isProven(report), JSON.stringify(report.anomalies))
})

/** Adds something, reads it where it is told to, and deletes it again. */
const comings = (reads: boolean) =>
  defineScenario({
    name: 'comings',
    actions: [
      {
        name: 'come and go',
        kind: 'write',
        weight: 1,
        run: async (turn) => {
          const note = noteOf(turn, turn.unique('note'))
          const path = `/${turn.unique('path')}`
          const body = turn.unique('text')
          await note.write(body, () => turn.request('POST', path, { body }))
          const read = async () => {
            const answer = await turn.request('GET', path, { accept: [404] })
            return answer.status === 404 ? null : answer.text
          }
          if (reads) await note.read(read)
          await note.remove(() => turn.request('DELETE', path, { accept: [404] }))
        },
      },
    ],
  })

/** Answers every DELETE as a balancer does that tries it twice, and forgets every `loses`th POST. */
const balancer = (loses = Number.POSITIVE_INFINITY): Handler => {
  const values = new Map<string, string>()
  let posts = 0
  return async (request, response) => {
    const key = request.url ?? ''
    let text = ''
    for await (const chunk of request) text += String(chunk)
    if (request.method === 'POST' && ++posts % loses !== 0) values.set(key, text)
    if (request.method === 'DELETE') values.delete(key)
    if (request.method !== 'POST' && !values.has(key)) response.statusCode = 404
    response.end(values.get(key) ?? '')
  }
}

test('a DELETE that is tried twice is neither a failure nor a loss', async () => {
  const { url } = await serve(balancer())
  const report = await prove(url, { scenario: comings(true) as Scenario, rate: 40 })
  assert.equal(report.failed.total, 0)
  assert.deepEqual([report.lost, report.staleReads, report.unverified], [0, 0, 0])
  assert.match(report.notes.join(), /40 removals found nothing there, .* They count as done/)
  assert.ok(isProven(report))
})

test('a write that was lost is found although its DELETE finds nothing, where it was read', async () => {
  const { url } = await serve(balancer(10))
  const report = await prove(url, { scenario: comings(true) as Scenario, rate: 40 })
  assert.equal(report.staleReads, 4)
  assert.ok(!isProven(report))
})

test('where it was not read, it is not proven, and the note says what to do', async () => {
  const { url } = await serve(balancer(10))
  const report = await prove(url, { scenario: comings(false) as Scenario, rate: 40 })
  assert.deepEqual([report.lost, report.staleReads, report.unverified], [0, 0, 40])
  assert.match(report.notes.join(), /read it right before its removal\. note-.* no read showed it/)
  assert.ok(!isProven(report))
})

test('a request that gets no answer in time is given up, and its write stays open', async () => {
  const { url } = await serve(() => {})
  const scenario = defineScenario({
    name: 'silence',
    actions: [
      {
        name: 'post',
        kind: 'write',
        weight: 1,
        run: (turn) => turn.request('POST', '/', { body: 'x' }),
      },
      { name: 'get', kind: 'read', weight: 1, run: (turn) => turn.request('GET', '/') },
    ],
  })
  const report = await prove(url, { scenario, rate: 20, seconds: 0.5, timeoutMs: 300 })
  assert.equal(report.ok, 0)
  assert.ok(report.unknownOutcome > 0)
  assert.equal(report.failed.byCause.timeout, report.failed.total)
  assert.equal(report.unknownOutcome + report.failed.total, 10)
})

test('the same seed chooses the same actions and the same random numbers', async () => {
  const { url } = await serve((_request, response) => response.end('ok'))
  const sequence = async (seed: number) => {
    const seen: string[] = []
    const note = (name: string) => (turn: Turn) =>
      void seen.push(`${turn.index} ${name} ${turn.random()}`)
    const scenario = defineScenario({
      name: 'dice',
      actions: [
        { name: 'one', kind: 'read', weight: 3, run: note('one') },
        { name: 'two', kind: 'read', weight: 1, run: note('two') },
      ],
    })
    await prove(url, { scenario, seed, rate: 200, seconds: 0.5 })
    return seen
  }
  const [first, second, other] = [await sequence(7), await sequence(7), await sequence(8)]
  assert.equal(first.length, 100)
  assert.deepEqual(first, second)
  assert.notDeepEqual(first, other)
  const ones = first.filter((line) => line.includes('one')).length
  assert.ok(ones > 60 && ones < 90, `${ones} of 100 by weight 3 of 4`)
})

test('an action that throws is counted by its name, with the file and line', async () => {
  const { url } = await serve((_request, response) => response.end('ok'))
  const scenario = defineScenario({
    name: 'faulty',
    actions: [
      {
        name: 'break',
        kind: 'read',
        weight: 1,
        run: () => {
          throw new TypeError('no such thing')
        },
      },
    ],
  })
  const report = await prove(url, { scenario, rate: 20, seconds: 0.5 })
  assert.equal(report.failed.total, 10)
  const [cause = ''] = Object.keys(report.failed.byCause)
  assert.match(cause, /^action "break": TypeError: no such thing \(.*run-proof\.test\.ts:\d+\)$/)
})

test('an action that never ends is given up and counted', async () => {
  const { url } = await serve((_request, response) => response.end('ok'))
  const scenario = defineScenario({
    name: 'endless',
    actions: [{ name: 'wait', kind: 'read', weight: 1, run: () => new Promise(() => {}) }],
  })
  const report = await prove(url, { scenario, rate: 10, seconds: 0.3, timeoutMs: 200 })
  assert.deepEqual(report.failed.byCause, { 'action "wait" did not end within 0.6 s': 3 })
})

test('a load that is aborted ends early, is verified, and is reported', async () => {
  const { handler } = store()
  const { url } = await serve(handler)
  const interruption = new AbortController()
  const report = await prove(url, {
    scenario: notes,
    seconds: 60,
    signal: interruption.signal,
    onProgress: ({ phase, second }) => {
      if (phase === 'load' && second >= 1) interruption.abort()
    },
  })
  assert.equal(report.interrupted, true)
  assert.ok(report.seconds < 5)
  assert.ok(report.sent >= 50)
  assert.equal(report.lost, 0)
})

test('a rate that the prover cannot send is said', async () => {
  const { url } = await serve((_request, response) => response.end('ok'))
  const report = await prove(url, { rate: 100_000, seconds: 0.5, connections: 5 })
  assert.equal(report.behind, true)
  assert.ok(report.achievedRate < 90_000)
  assert.match(report.notes.join(), /The rate was not kept: /)
})

test('a server that closes its connections is not accused of the closing', async () => {
  const { url, server } = await serve((_request, response) => {
    response.setHeader('connection', 'close')
    response.end('ok')
  })
  server.keepAliveTimeout = 1
  const report = await prove(url)
  assert.equal(report.failed.total, 0, JSON.stringify(report.failed))
  assert.ok(report.connections.keepAliveOpened > 50)
})

test('an announced keep-alive time is honoured, also when it is short', async () => {
  const { url, server } = await serve((_request, response) => response.end('ok'))
  server.keepAliveTimeout = 1_000
  const report = await prove(url, { rate: 40, seconds: 3, connections: 40 })
  assert.equal(report.failed.total, 0, JSON.stringify(report.failed))
})

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  assert.ok(BanyanError.is(error), `a BanyanError, not ${String(error)}`)
  return `${error.code} ${error.message}`
}

test('an address where nothing listens is refused before anything is sent', async () => {
  const { url, server } = await serve(() => {})
  server.close()
  await once(server, 'close')
  assert.match(await codeOf(prove(url)), /^BANYAN_PROOF_UNREACHABLE .*ECONNREFUSED/)
})

for (const [option, value] of [
  ['rate', 0],
  ['rate', -5],
  ['rate', Number.NaN],
  ['rate', 1e9],
  ['seconds', 0],
  ['seed', 1.5],
  ['connections', 0],
  ['oneRequest', 1.5],
  ['oneRequest', -0.1],
  ['webSockets', 0.5],
  ['webSockets', 1e6],
  ['url', 'ftp://host'],
  ['url', 'nonsense'],
] as const) {
  test(`${option} ${value} is refused`, async () => {
    const refused = await codeOf(prove('http://127.0.0.1:1', { [option]: value }))
    assert.match(refused, new RegExp(`^BANYAN_PROOF_OPTION_INVALID The ${option} of the proof is`))
  })
}

test('more new connections than a machine has ports for are refused', async () => {
  const refused = await codeOf(prove('http://127.0.0.1:1', { rate: 1_000, oneRequest: 0.5 }))
  assert.match(refused, /^BANYAN_PROOF_OPTION_INVALID .* 500 new connections in a second/)
})

test('WebSockets without a path, or with one that is none, are refused', async () => {
  const without = await codeOf(prove('http://127.0.0.1:1', { webSockets: 1 }))
  assert.match(without, /^BANYAN_PROOF_OPTION_INVALID The webSocketPath of the proof is not given/)
  const options = { webSockets: 1, webSocketPath: 'live' }
  assert.match(
    await codeOf(prove('http://127.0.0.1:1', options)),
    /is "live", and should be a path/,
  )
})

test('a scenario is refused with all of its faults at once', async () => {
  const scenario = {
    name: '',
    setup: () => {},
    webSocket: 'live',
    actions: [{ name: 'a', weight: -1, kind: 'wirte', run: 5 }, null],
  } as unknown as Scenario
  const refused = await codeOf(prove('http://127.0.0.1:1', { scenario }))
  for (const part of [
    'name',
    'setUp',
    'webSocket',
    'actions[0].weight',
    'actions[0].kind',
    'actions[0].run',
    'actions[1]',
  ]) {
    assert.ok(refused.includes(part), `${part} in ${refused}`)
  }
})

test('a scenario without actions is refused', async () => {
  const scenario = { name: 'none', actions: [] }
  assert.match(await codeOf(prove('http://127.0.0.1:1', { scenario })), /at least one action/)
})

test('a setUp that throws ends the proof with its place', async () => {
  const { url } = await serve((_request, response) => response.end('ok'))
  const setUp = () => {
    throw new RangeError('no users')
  }
  const failed = await codeOf(prove(url, { scenario: { ...frontPage(), setUp } }))
  assert.match(
    failed,
    /^BANYAN_SCENARIO_FAILED The setUp of scenario "GET \/" failed: RangeError: no users \(.*:\d+\)/,
  )
})

test('a verify that fails leaves the proof unproven', async () => {
  const { handler } = store()
  const { url } = await serve(handler)
  const scenario = defineScenario({
    ...notes,
    verify: () => {
      throw new Error('cannot tell')
    },
  })
  const report = await prove(url, { scenario })
  assert.equal(report.unverified, 1)
  assert.ok(!isProven(report))
  assert.match(report.notes.join(), /The verify of scenario "notes" failed: Error: cannot tell/)
})

test('a system that is away when the load ends is asked again until it is back', async () => {
  const { handler } = store()
  let backAtMs: number | null = null
  const { url } = await serve((request, response) => {
    if (backAtMs === null || performance.now() > backAtMs) return handler(request, response)
    return request.socket.destroy()
  })
  const report = await prove(url, {
    scenario: notes,
    onProgress: ({ phase }) => {
      if (phase === 'verifying') backAtMs ??= performance.now() + 600
    },
  })
  assert.equal(report.unverified, 0)
  assert.equal(report.lost, 0)
})
