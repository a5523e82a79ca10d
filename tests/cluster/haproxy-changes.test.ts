// What HAProxy takes while it runs, and what it takes a reload for. Judged by clients that go on meanwhile.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayFile } from '@banyan/model'
import { eventually } from './balancer/eventually.ts'
import { haproxyEngine } from './balancer/haproxy-engine.ts'
import { answer, backend, gatewayFile, scriptedServer } from './gateway-setup.ts'

/** Says its name to everybody. */
async function named(name: string) {
  const server = createServer((asked, response) => {
    if (asked.url === '/-/ready') response.setHeader('banyan-ready', 'true')
    response.end(name)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Clients = {
  answered(): number
  stop(): Promise<readonly string[]>
  [Symbol.asyncDispose](): Promise<void>
}

/** Clients that keep their connection and clients that take a new one each time; every failure is kept. */
function startClients(port: number): Clients {
  const failures: string[] = []
  let [answered, isOver] = [0, false]
  const agents = [
    ...Array.from({ length: 4 }, () => new Agent({ keepAlive: true, maxSockets: 1 })),
    ...Array.from({ length: 4 }, () => new Agent({ keepAlive: false })),
  ]
  const loops = agents.map(async (agent) => {
    while (!isOver) {
      await ask(port, agent).then(
        () => {
          answered += 1
        },
        (error: Error) => failures.push(error.message),
      )
      await sleep(2)
    }
    agent.destroy()
  })
  const stop = async (): Promise<readonly string[]> => {
    isOver = true
    await Promise.all(loops)
    return failures
  }
  return {
    answered: () => answered,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  }
}

async function ask(port: number, agent: Agent | false = false, path = '/'): Promise<string> {
  return await new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent })
    asked.once('error', reject)
    asked.once('response', (response) => {
      let text = ''
      response.on('data', (piece) => {
        text += piece
      })
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${response.statusCode}: ${text}`))
      })
    })
    asked.end()
  })
}

const pidOf = (status: unknown): number => (status as { pid: number }).pid

describe('HAProxy while it runs', {
  skip: haproxyEngine.missing ?? false,
  timeout: 120_000,
}, () => {
  it('takes servers in, drains them and weighs them without a reload, and drops nothing', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const first = gatewayFile([backend(a.port, { node: 'web-1' })])
    await using running = await haproxyEngine.run(first)
    const pid = pidOf(await running.status())
    await using clients = startClients(running.port)
    const both = (more: object): GatewayFile['backends'] => [
      backend(a.port, { node: 'web-1' }),
      backend(b.port, { node: 'web-2', ...more }),
    ]
    const steps = [both({}), both({ weight: 10 }), both({ state: 'drain' }), first.backends]
    for (const [at, backends] of steps.entries()) {
      const before = clients.answered()
      await running.tell({ ...first, version: 2 + at, backends })
      await eventually(async () => clients.answered() > before + 50)
    }
    await running.tell({ ...first, version: 9, backends: both({}) })
    await eventually(async () => (await running.status()).backends[1]?.healthy === true)
    const names = await Promise.all(Array.from({ length: 20 }, () => ask(running.port)))
    assert.deepEqual([...new Set(names)].sort(), ['a', 'b'])
    assert.deepEqual(await clients.stop(), [])
    assert.equal(pidOf(await running.status()), pid, 'it was not reloaded')
  })

  it('is reloaded for a new service, and drops nothing', async () => {
    await using web = await named('web')
    await using api = await named('api')
    // The worker before has so long for what it began, and for connections that clients may count on.
    const first = gatewayFile([backend(web.port, { node: 'web-1' })], { drainTimeoutMs: 10_000 })
    await using running = await haproxyEngine.run(first)
    await using clients = startClients(running.port)
    for (let round = 1; round <= 4; round += 1) {
      const service = `api-${round}`
      const pid = pidOf(await running.status())
      const before = clients.answered()
      await running.tell({
        ...first,
        version: 1 + round,
        routes: [...first.routes, { host: null, prefix: '/api', service }],
        backends: [...first.backends, backend(api.port, { node: `${service}-1`, service })],
      })
      assert.equal(await ask(running.port, false, '/api/x'), 'api')
      assert.equal(await ask(running.port, false, '/apis'), 'web')
      assert.notEqual(pidOf(await running.status()), pid, 'it was reloaded')
      await eventually(async () => clients.answered() > before + 50)
    }
    assert.deepEqual(await clients.stop(), [])
  })

  it('keeps idle connections for as long as their clients were told when it stops', async () => {
    await using web = await named('web')
    const file = gatewayFile([backend(web.port)], { drainTimeoutMs: 10_000 })
    await using running = await haproxyEngine.run(file)
    const socket = connect(running.port, '127.0.0.1')
    let said = ''
    socket.on('data', (piece) => {
      said += piece
    })
    const answers = () => said.split('HTTP/1.1 200').length - 1
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await eventually(async () => answers() === 1)
    assert.match(said, /keep-alive: timeout=5/i)
    // Its parent hears nothing while it makes itself ready.
    await eventually(async () => {
      running.kill('SIGTERM')
      return !(await running.isReady())
    })
    await sleep(3_500)
    assert.equal(socket.closed, false, 'it was cut while its client could count on it')
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await eventually(async () => answers() === 2)
    assert.match(said, /connection: close/i)
    await running.ended()
  })

  it('two changes at once leave every server under its own name', async () => {
    await using first = await named('first')
    await using second = await named('second')
    await using third = await named('third')
    const [one, two, three] = [backend(first.port), backend(second.port), backend(third.port)]
    const file = gatewayFile([one], { sticky: true })
    await using running = await haproxyEngine.start(file)
    await Promise.allSettled([
      running.tell({ ...file, version: 2, backends: [one, three] }),
      running.tell({ ...file, version: 3, backends: [one, two, three] }),
    ])
    await eventually(async () => {
      const { backends } = await running.status()
      return backends.length === 3 && backends.every(({ healthy }) => healthy)
    })
    const names = new Map([
      ['first', one.node],
      ['second', two.node],
      ['third', three.node],
    ])
    for (let asked = 0; asked < 9; asked += 1) {
      const answer = await fetch(`http://127.0.0.1:${running.port}/`)
      const name = names.get(await answer.text())
      assert.match(answer.headers.get('set-cookie') ?? '', new RegExp(`=${name};`))
    }
  })

  it('asks servers of two releases each at its own path', async () => {
    const at = async (path: string) =>
      await scriptedServer(({ socket, bytes }) => {
        if (bytes.startsWith(`GET ${path} `) || bytes.startsWith('GET / ')) answer(socket, path)
        else socket.write('HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n')
      })
    await using old = await at('/up')
    await using next = await at('/ok;1')
    const first = backend(old.port, { health: '/up' })
    const file = gatewayFile([first])
    await using running = await haproxyEngine.start(file)
    const pid = pidOf(await running.status())
    const backends = [first, backend(next.port, { health: '/ok;1' })]
    await running.tell({ ...file, version: 2, backends })
    const areHealthy = async (): Promise<boolean> =>
      (await running.status()).backends.every(({ healthy }) => healthy)
    await eventually(areHealthy)
    await sleep(2_500)
    assert.ok(await areHealthy())
    assert.equal(pidOf(await running.status()), pid, 'it was not reloaded')
  })
})
