// Real servers that are killed with SIGKILL at each moment of a request.
import assert from 'node:assert/strict'
import { backend, gatewayFile, startOrigin } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'
import { eventually } from './eventually.ts'

onEveryEngine((engine, promise) => {
  /** Two servers and a gateway. The next request goes to the first of them. */
  async function twoServers() {
    const [first, second] = await Promise.all([startOrigin(), startOrigin()])
    const running = await engine.start(gatewayFile([backend(first.port), backend(second.port)]))
    return {
      ...running,
      url: `http://127.0.0.1:${running.port}`,
      first,
      second,
      counts: () => [first.count(), second.count()],
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]()
        await first[Symbol.asyncDispose]()
        await second[Symbol.asyncDispose]()
      },
    }
  }

  promise('requests go to the servers by turns', async () => {
    await using running = await twoServers()
    for (let n = 0; n < 10; n++) assert.equal((await fetch(running.url)).status, 200)
    assert.deepEqual(running.counts(), [5, 5])
  })

  for (const path of ['/die-before', '/die-in-held']) {
    promise(
      `GET ${path}: every server that it kills is replaced by the next, then it is a 502`,
      async () => {
        await using running = await twoServers()
        const answer = await fetch(`${running.url}${path}`)
        if (path === '/die-in-held' && engine.differs('streams answers')) {
          assert.equal(answer.status, 200)
          await assert.rejects(answer.text(), 'it is cut')
          assert.deepEqual(running.counts(), [1, 0])
          return
        }
        // Both die of it, and nobody comes back within the two seconds that a request waits.
        // HAProxy may still be trying the second one when it learns of its death.
        const honest = engine.name === 'haproxy' ? [502, 503] : [503]
        assert.ok(honest.includes(answer.status), `${answer.status}`)
        assert.deepEqual(running.counts(), [1, 1])
      },
    )
  }

  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
    promise(`${method} does not notice the death of the server that it was sent to`, async () => {
      await using running = await twoServers()
      const body = method === 'PUT' ? 'x'.repeat(10_000) : undefined
      const sent = fetch(`${running.url}/slow?ms=400`, { method, ...(body && { body }) })
      await until(() => running.first.count() === 1)
      running.first.kill()
      const answer = await sent
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('x-pid'), String(running.second.pid))
      if (method === 'PUT') assert.equal(await answer.text(), 'PUT /slow?ms=400 10000')
      assert.deepEqual(running.counts(), [1, 1])
      assert.equal((await running.status()).requests.failed, 0)
    })
  }

  promise('POST is a 502 when its server dies, and is never sent to another', async () => {
    await using running = await twoServers()
    const sent = fetch(`${running.url}/slow?ms=400`, { method: 'POST', body: 'x' })
    await until(() => running.first.count() === 1)
    running.first.kill()
    const answer = await sent
    assert.equal(answer.status, 502)
    assert.equal(
      ((await answer.json()) as { error: { code: string } }).error.code,
      'BANYAN_GATEWAY_SERVER_LOST',
    )
    assert.deepEqual(running.counts(), [1, 0])
    await eventually(async () => (await running.status()).requests.failed === 1)
  })

  promise('PUT with a body that is too large to keep is a 502 when its server dies', async () => {
    await using running = await twoServers()
    const body = 'x'.repeat(200_000)
    const sent = fetch(`${running.url}/slow?ms=400`, { method: 'PUT', body })
    await until(() => running.first.count() === 1)
    // The origin reads the body only after its pause, so the kernel still holds most of it.
    await new Promise((resolve) => setTimeout(resolve, 100))
    running.first.kill()
    assert.equal((await sent).status, 502)
    assert.deepEqual(running.counts(), [1, 0])
  })

  promise('POST goes to another server when the connection to the first is refused', async () => {
    await using running = await twoServers()
    running.first.kill()
    await running.first.ended
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(running.url, { method: 'POST', body: 'x' })),
    )
    assert.deepEqual(
      answers.filter(({ status }) => status !== 200),
      [],
    )
    assert.deepEqual(running.counts(), [0, 20])
    await eventually(async () => (await running.status()).backends[0]?.healthy === false)
    assert.match((await running.status()).backends[0]?.reason ?? '', /refuse|closed|connect/i)
  })

  promise(
    'an upload of any size goes to another server when the first cannot be reached',
    async () => {
      const [first, second] = await Promise.all([startOrigin(), startOrigin()])
      // Nobody asks often enough to notice the death before the uploads do.
      const limits = { checkIntervalMs: 60_000 }
      const file = gatewayFile([backend(first.port), backend(second.port)])
      await using running = await engine.start(file, limits)
      try {
        first.kill()
        await first.ended
        const body = 'x'.repeat(5_000_000)
        const url = `http://127.0.0.1:${running.port}/`
        const answers = await Promise.all(
          Array.from({ length: 4 }, () => fetch(url, { method: 'POST', body })),
        )
        for (const answer of answers) assert.equal(await answer.text(), `POST / ${body.length}`)
      } finally {
        await second[Symbol.asyncDispose]()
      }
    },
  )

  for (const path of ['/die-in-chunked', '/die-in-long']) {
    promise(
      `GET ${path}: an answer that went out in part is cut and never looks complete`,
      async () => {
        await using running = await twoServers()
        const connection = await RawConnection.open(running.port)
        connection.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
        await connection.untilClosed()
        assert.match(connection.received, /^HTTP\/1\.1 200 [\s\S]*x{500}/)
        assert.doesNotMatch(connection.received, /\r\n0\r\n\r\n$/)
        assert.deepEqual(running.counts(), [1, 0], 'nothing is sent twice once a part is out')
        await eventually(async () => (await running.status()).requests.failed === 1)
        connection.destroy()
      },
    )
  }

  promise('a request waits for a server that is just coming back', async () => {
    const first = await startOrigin()
    await using running = await engine.start(gatewayFile([backend(first.port)]))
    const url = `http://127.0.0.1:${running.port}`
    first.kill()
    await first.ended
    if (engine.differs('chooses once'))
      await eventually(async () => (await running.status()).backends[0]?.healthy === false)
    const waiting = [fetch(url), fetch(url, { method: 'POST', body: 'x' })]
    await new Promise((resolve) => setTimeout(resolve, 300))
    await using back = await startOrigin(first.port)
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [200, 200],
    )
    assert.equal(back.count(), 2)
  })

  promise('a request waits for the first server that control lets requests go to', async () => {
    await using server = await startOrigin()
    const file = gatewayFile([])
    await using running = await engine.start(file)
    const waiting = fetch(`http://127.0.0.1:${running.port}`, { method: 'POST' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await running.tell({ ...file, version: 2, backends: [backend(server.port)] })
    assert.equal((await waiting).status, 200)
  })

  promise('without any server it is a 503 that says when to come again', async () => {
    const first = await startOrigin()
    await using running = await engine.start(gatewayFile([backend(first.port)]), { waitMs: 200 })
    first.kill()
    await first.ended
    const answer = await fetch(`http://127.0.0.1:${running.port}`)
    assert.equal(answer.status, 503)
    assert.equal(answer.headers.get('retry-after'), '1')
    assert.equal(
      ((await answer.json()) as { error: { code: string } }).error.code,
      'BANYAN_GATEWAY_NO_SERVER',
    )
  })

  promise('only so many requests wait at once', async () => {
    const first = await startOrigin()
    const limits = { waitMs: 500, waitingMax: 3 }
    await using running = await engine.start(gatewayFile([backend(first.port)]), limits)
    first.kill()
    await first.ended
    await eventually(async () => (await running.status()).backends[0]?.healthy === false)
    const begun = performance.now()
    const times = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { status } = await fetch(`http://127.0.0.1:${running.port}`)
        assert.equal(status, 503)
        return performance.now() - begun
      }),
    )
    assert.equal(times.filter((ms) => ms > 450).length, 3)
  })

  promise(
    'a frozen server gets no new requests, and an idempotent one in it goes to another',
    async () => {
      const [first, second] = await Promise.all([startOrigin(), startOrigin()])
      const limits = { answerTimeoutMs: 1_500, checkTimeoutMs: 200, checkIntervalMs: 200 }
      const file = gatewayFile([backend(first.port), backend(second.port)])
      await using running = await engine.start(file, limits)
      const url = `http://127.0.0.1:${running.port}`
      try {
        first.kill('SIGSTOP')
        const stuck = fetch(url)
        stuck.catch(() => {})
        await eventually(async () => (await running.status()).backends[0]?.healthy === false)
        assert.match((await running.status()).backends[0]?.reason ?? '', /did not answer|time/)
        for (let n = 0; n < 4; n++) {
          assert.equal((await fetch(url)).headers.get('x-pid'), String(second.pid))
        }
        if (engine.differs('late is late')) assert.equal((await stuck).status, 504)
        else assert.equal((await stuck).headers.get('x-pid'), String(second.pid))
        first.kill('SIGCONT')
        await eventually(async () => (await running.status()).backends[0]?.healthy === true)
      } finally {
        first.kill('SIGCONT')
        await first[Symbol.asyncDispose]()
        await second[Symbol.asyncDispose]()
      }
    },
  )

  promise(
    'under load, the death of a server fails no idempotent request, and it is used again when it is back',
    async () => {
      const [first, second] = await Promise.all([startOrigin(), startOrigin()])
      await using running = await engine.start(
        gatewayFile([backend(first.port), backend(second.port)]),
      )
      const url = `http://127.0.0.1:${running.port}`
      let stopped = false
      let answered = 0
      const failures: unknown[] = []
      const loops = Array.from({ length: 10 }, async () => {
        while (!stopped) {
          const answer = await fetch(url).catch((error: unknown) => ({ status: error }))
          if (answer.status === 200) answered += 1
          else failures.push(answer.status)
          if (answer instanceof Response) await answer.text()
        }
      })
      await until(() => answered > 50)
      first.kill()
      await first.ended
      const atDeath = answered
      await until(() => answered > atDeath + 50)
      const back = await startOrigin(first.port)
      try {
        await until(() => back.count() > 10)
        stopped = true
        await Promise.all(loops)
        assert.deepEqual(failures, [])
        assert.equal((await running.status()).requests.failed, 0)
      } finally {
        stopped = true
        await back[Symbol.asyncDispose]()
        await second[Symbol.asyncDispose]()
      }
    },
  )
})
