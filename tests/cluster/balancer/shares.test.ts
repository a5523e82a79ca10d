// How requests are shared out: by weights, by what servers have to do, slowly at first, and by a cookie.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayFile } from '@banyan/model'
import { backend, gatewayFile } from '../gateway-setup.ts'
import { until } from '../serve-process.ts'
import { onEveryEngine, type RunningBalancer } from './engine.ts'
import { eventually } from './eventually.ts'

type CountingServer = {
  readonly port: number
  /** Requests that were no health checks. */
  count(): number
  /** From now on answers wait until they are let go. */
  hold(): void
  letGo(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Says its own name to everybody, and counts. */
async function countingServer(name: string, at = 0): Promise<CountingServer> {
  let count = 0
  let held: ServerResponse[] | null = null
  const server = createServer((request, response) => {
    if (request.url === '/-/ready') {
      response.writeHead(200, { 'banyan-ready': 'true' }).end()
      return
    }
    count += 1
    response.setHeader('x-server', name)
    response.setHeader('x-cookies', request.headers.cookie ?? '')
    if (held === null) response.end(name)
    else held.push(response)
  })
  server.listen(at, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    hold: () => {
      held = []
    },
    letGo: () => {
      for (const response of held ?? []) response.end(name)
      held = null
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Several requests, one after the other; which server answered each. */
async function ask({ port }: RunningBalancer, count: number, cookie?: string): Promise<string[]> {
  const names: string[] = []
  for (let n = 0; n < count; n++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: cookie ? { cookie } : {} })
    names.push(await answer.text())
  }
  return names
}

const of = (names: readonly string[], name: string): number =>
  names.filter((one) => one === name).length

onEveryEngine((engine, promise) => {
  /** Three servers and a balancer before them. */
  async function three(more: Partial<GatewayFile> = {}, weights: readonly number[] = []) {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => countingServer(name)))
    const [a, b, c] = servers as [CountingServer, CountingServer, CountingServer]
    const backends = servers.map(({ port }, at) =>
      backend(port, { node: `web-${at + 1}`, weight: weights[at] ?? 100 }),
    )
    const file = gatewayFile(backends, more)
    const running = await engine.start(file)
    return {
      running,
      file,
      backends,
      a,
      b,
      c,
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]()
        for (const server of servers) await server[Symbol.asyncDispose]()
      },
    }
  }

  promise('a first share of a tenth is a tenth, spread over the requests', async () => {
    await using all = await three({}, [100, 100, 22])
    const names = await ask(all.running, 222)
    assert.deepEqual([of(names, 'a'), of(names, 'b'), of(names, 'c')], [100, 100, 22])
    const gaps = names
      .join('')
      .split('c')
      .map(({ length }) => length)
    assert.ok(Math.max(...gaps) <= 20, `never more than twice the even gap: ${gaps}`)
  })

  promise('weights change while requests come, and fail none', async () => {
    await using all = await three({}, [100, 100, 10])
    let stopped = false
    const names: string[] = []
    const load = Array.from({ length: 4 }, async () => {
      while (!stopped) names.push(...(await ask(all.running, 1)))
    })
    const weights = [256, 1, 100, 22, 0, 100]
    for (const [at, weight] of weights.entries()) {
      const backends = all.backends.map((one, n) => (n === 2 ? { ...one, weight } : one))
      await all.running.tell({ ...all.file, version: at + 2, backends })
      await sleep(50)
    }
    stopped = true
    await Promise.all(load)
    assert.ok(names.every((name) => /^[abc]$/.test(name)))
    const last = await ask(all.running, 30)
    assert.equal(of(last, 'c'), 10)
  })

  promise(
    'a server with the weight 0 gets nothing, even where it is the only one left',
    async () => {
      await using all = await three({}, [100, 0, 0])
      assert.equal(of(await ask(all.running, 20), 'a'), 20)
      const drained = all.backends.map((one, n) =>
        n === 0 ? { ...one, state: 'drain' as const } : one,
      )
      await all.running.tell({ ...all.file, version: 2, backends: drained })
      const { status } = await fetch(`http://127.0.0.1:${all.running.port}/`)
      assert.equal(status, 503)
      assert.deepEqual([all.b.count(), all.c.count()], [0, 0])
    },
  )

  promise('with least connections a server that is stuck gets no more than it has', async () => {
    await using all = await three({ balance: 'least-connections' })
    all.a.hold()
    const stuck = Array.from({ length: 6 }, () => ask(all.running, 1))
    await until(() => all.a.count() + all.b.count() + all.c.count() === 6)
    const before = all.a.count()
    assert.ok(before > 0 && before < 6, `it has ${before} of 6`)
    const names = await ask(all.running, 20)
    assert.equal(of(names, 'a'), 0)
    all.a.letGo()
    await Promise.all(stuck)
    assert.ok(of(await ask(all.running, 21), 'a') > 0, 'once it is free it has its part again')
  })

  promise('in turn, a server that is stuck gets its part all the same', async () => {
    await using all = await three()
    all.a.hold()
    const load = Array.from({ length: 30 }, () => ask(all.running, 1))
    await until(() => all.a.count() + all.b.count() + all.c.count() === 30)
    assert.equal(all.a.count(), 10)
    all.a.letGo()
    await Promise.all(load)
  })

  promise('a server that comes back gets its share little by little', async () => {
    await using all = await three({ slowStartMs: 3_000 })
    // All of them came at once, so that they have grown evenly and now are grown up.
    await sleep(3_100)
    const port = all.c.port
    await all.c[Symbol.asyncDispose]()
    await eventually(async () => (await all.running.status()).backends[2]?.healthy === false)
    await using back = await countingServer('c', port)
    await eventually(async () => (await all.running.status()).backends[2]?.healthy === true)
    const begun = performance.now()
    const first: string[] = []
    while (performance.now() - begun < 600) first.push(...(await ask(all.running, 1)))
    const early = of(first, 'c') / first.length
    assert.ok(early < 0.2, `of the first ${first.length} requests it got ${early}`)
    await sleep(3_000)
    const late = of(await ask(all.running, 90), 'c')
    assert.ok(Math.abs(late - 30) <= 2, `of 90 requests it got ${late}`)
    assert.ok(back.count() > 0)
  })

  promise('without being asked for, no cookie is set and none is looked at', async () => {
    await using all = await three()
    const answer = await fetch(`http://127.0.0.1:${all.running.port}/`)
    assert.equal(answer.headers.get('set-cookie'), null)
    assert.equal(of(await ask(all.running, 9, 'banyan_node_web=web-2'), 'b'), 3)
  })

  promise(
    'a client comes back to the server that answered it, as long as that is there',
    async () => {
      await using all = await three({ sticky: true })
      const url = `http://127.0.0.1:${all.running.port}/`
      const first = await fetch(url)
      const name = await first.text()
      const set = first.headers.getSetCookie()
      assert.equal(set.length, 1)
      const [pair = '', ...attributes] = set[0]?.split('; ') ?? []
      const node = `web-${'abc'.indexOf(name) + 1}`
      assert.equal(pair, `banyan_node_web=${node}`)
      assert.deepEqual(attributes.map((one) => one.toLowerCase()).sort(), [
        'httponly',
        'path=/',
        'samesite=lax',
      ])
      assert.match(first.headers.get('cache-control') ?? '', /private/)

      const cookie = `theme=dark; ${pair}`
      assert.deepEqual(await ask(all.running, 12, cookie), Array(12).fill(name))
      const again = await fetch(url, { headers: { cookie } })
      assert.deepEqual(again.headers.getSetCookie(), [], 'it has its cookie already')
      assert.match(again.headers.get('x-cookies') ?? '', /theme=dark/)
      assert.equal(new Set(await ask(all.running, 12)).size, 3, 'others go everywhere')
    },
  )

  promise(
    'the cookie of a server that is gone, drains, or never was leads to another',
    async () => {
      await using all = await three({ sticky: true })
      const url = `http://127.0.0.1:${all.running.port}/`
      const set = async (cookie: string): Promise<string> => {
        const answer = await fetch(url, { headers: { cookie } })
        assert.equal(answer.status, 200)
        return answer.headers.getSetCookie()[0] ?? ''
      }
      for (const odd of ['web-9', '', 'x'.repeat(500), '%00'])
        assert.match(await set(`banyan_node_web=${odd}`), /^banyan_node_web=web-[123];/, odd)

      await all.a[Symbol.asyncDispose]()
      assert.match(await set('banyan_node_web=web-1'), /^banyan_node_web=web-[23];/)

      const backends = all.backends.map((one, n) =>
        n === 1 ? { ...one, state: 'drain' as const } : one,
      )
      await all.running.tell({ ...all.file, version: 2, backends })
      assert.match(await set('banyan_node_web=web-2'), /^banyan_node_web=web-3;/)
      const before = all.b.count()
      assert.equal(of(await ask(all.running, 10, 'banyan_node_web=web-2'), 'c'), 10)
      assert.equal(all.b.count(), before, 'a server that drains gets nothing from anybody')
    },
  )

  promise('a client of two services has a place at each', async () => {
    await using web = await countingServer('web')
    await using api = await countingServer('api')
    const web1 = backend(web.port, { node: 'web-1' })
    const api1 = backend(api.port, { node: 'api-1', service: 'api' })
    const file = gatewayFile([web1, api1], {
      sticky: true,
      routes: [
        { host: null, prefix: '/', service: 'web' },
        { host: null, prefix: '/api', service: 'api' },
      ],
    })
    await using running = await engine.start(file)
    const cookies: string[] = []
    for (const path of ['/', '/api']) {
      const answer = await fetch(`http://127.0.0.1:${running.port}${path}`)
      cookies.push(answer.headers.getSetCookie()[0]?.split(';')[0] ?? '')
    }
    assert.deepEqual(cookies, ['banyan_node_web=web-1', 'banyan_node_api=api-1'])
  })
})
