// The gateway before real `serve` processes, which are taken out, stopped, started and put back under load.
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import type { Backend } from '@banyan/model'
import { backend, freePort, gatewayFile } from '../gateway-setup.ts'
import { type ServeProcess, startServe, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'
import { eventually } from './eventually.ts'

onEveryEngine((engine, promise) => {
  const start = (port: number): Promise<ServeProcess> =>
    startServe({
      app: 'fastify',
      env: { PORT: String(port), LOG_LEVEL: 'info' },
      serve: { stopTimeoutMs: 9_000 },
    })

  /** Visitors with kept connections, half of them writing. */
  function visitors(port: number, count: number) {
    const agent = new Agent({ keepAlive: true, maxSockets: count })
    const outcomes = new Map<string, number>()
    let stopped = false
    const visit = (method: string): Promise<string> =>
      new Promise((resolve) => {
        const asked = request({ port, host: '127.0.0.1', method, path: '/', agent })
        asked.on('response', (answer) => {
          answer.resume()
          answer.on('end', () => resolve(`${method} ${answer.statusCode}`))
          answer.on('error', (error) => resolve(`${method} ${error.message}`))
        })
        asked.on('error', (error) => resolve(`${method} ${error.message}`))
        asked.end(method === 'POST' ? '{}' : undefined)
      })
    const loops = Array.from({ length: count }, async (_, n) => {
      while (!stopped) {
        const outcome = await visit(n % 2 === 0 ? 'POST' : 'GET')
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
    return {
      outcomes,
      stop: async () => {
        stopped = true
        await Promise.all(loops)
        agent.destroy()
      },
    }
  }

  promise(
    'servers are restarted one after the other under load, and no request fails',
    async () => {
      const ports = [await freePort(), await freePort()]
      const servers = await Promise.all(ports.map(start))
      let version = 1
      const backends = ports.map((port): Backend => backend(port))
      await using running = await engine.start(gatewayFile(backends))
      const tell = async (state: Backend['state'], which: number): Promise<void> => {
        version += 1
        backends[which] = { ...(backends[which] as Backend), state }
        await running.tell(gatewayFile(backends, { version }))
      }
      const load = visitors(running.port, 8)
      try {
        await until(() => [...load.outcomes.values()].reduce((sum, one) => sum + one, 0) > 100)
        for (const which of [0, 1]) {
          await tell('drain', which)
          await eventually(async () => (await running.status()).backends[which]?.inFlight === 0)
          servers[which]?.kill('SIGTERM')
          assert.equal(await servers[which]?.ended, 0)
          servers[which] = await start(ports[which] as number)
          await tell('ready', which)
          await eventually(async () => (await running.status()).backends[which]?.healthy === true)
          await new Promise((resolve) => setTimeout(resolve, 300))
        }
        await load.stop()
        const statuses = [...load.outcomes.keys()].map((outcome) => outcome.split(' ')[1])
        assert.deepEqual(
          [...new Set(statuses)].filter((status) => !/^(200|404)$/.test(status ?? '')),
          [],
        )
        assert.equal((await running.status()).requests.failed, 0)
      } finally {
        await load.stop()
        for (const server of servers) await server[Symbol.asyncDispose]()
      }
    },
  )

  promise('a server that is stopped without a word loses no idempotent request', async () => {
    const ports = [await freePort(), await freePort()]
    const servers = await Promise.all(ports.map(start))
    await using running = await engine.start(gatewayFile(ports.map((port) => backend(port))))
    const load = visitors(running.port, 8)
    try {
      await until(() => load.outcomes.size > 0)
      servers[0]?.kill('SIGTERM')
      await servers[0]?.ended
      servers[0] = await start(ports[0] as number)
      await eventually(async () => (await running.status()).backends[0]?.healthy === true)
      servers[1]?.kill('SIGKILL')
      await servers[1]?.ended
      await new Promise((resolve) => setTimeout(resolve, 500))
      await load.stop()
      const failed = [...load.outcomes.keys()].filter((outcome) => !/ (200|404)$/.test(outcome))
      // What was written to a connection of the killed one may have been done: a POST says so.
      const isAllowed = (outcome: string): boolean =>
        outcome === 'POST 502' || (engine.differs('hangs up') && outcome === 'POST socket hang up')
      assert.deepEqual(
        failed.filter((outcome) => !isAllowed(outcome)),
        [],
      )
    } finally {
      await load.stop()
      for (const server of servers) await server[Symbol.asyncDispose]()
    }
  })
})
