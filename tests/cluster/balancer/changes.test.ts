// What becomes of requests while the list of servers changes.
import assert from 'node:assert/strict'
import { backend, gatewayFile, startOrigin } from '../gateway-setup.ts'
import { until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'

onEveryEngine((engine, promise) => {
  promise('a server that drains gets nothing new, and answers what it has', async () => {
    await using first = await startOrigin()
    await using second = await startOrigin()
    const file = gatewayFile([backend(first.port), backend(second.port)])
    await using running = await engine.start(file)
    const url = `http://127.0.0.1:${running.port}`
    const slow = fetch(`${url}/slow?ms=300`)
    await until(() => first.count() === 1)
    const draining = backend(first.port, { state: 'drain' })
    await running.tell({ ...file, version: 2, backends: [draining, backend(second.port)] })
    for (let n = 0; n < 6; n++) assert.equal((await fetch(url)).status, 200)
    assert.equal((await slow).headers.get('x-pid'), String(first.pid))
    assert.deepEqual([first.count(), second.count()], [1, 6])
    const [status] = (await running.status()).backends
    assert.deepEqual([status?.state, status?.healthy, status?.inFlight], ['drain', true, 0])
  })

  promise('changes of the list under load fail no request', async () => {
    await using first = await startOrigin()
    await using second = await startOrigin()
    const [a, b] = [backend(first.port), backend(second.port)]
    const file = gatewayFile([a, b])
    await using running = await engine.start(file)
    let stopped = false
    const statuses = new Map<unknown, number>()
    const loops = Array.from({ length: 8 }, async (_, n) => {
      while (!stopped) {
        const method = n % 2 === 0 ? 'POST' : 'GET'
        const sent = fetch(`http://127.0.0.1:${running.port}/`, { method })
        const { status } = await sent.catch((error: unknown) => ({ status: error }))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    })
    const lists = [[a], [a, b], [b], [{ ...a, state: 'drain' as const }, b], [a, b]]
    for (let version = 2; version < 42; version++) {
      const backends = lists[version % lists.length] ?? []
      await running.tell({ ...file, version, backends })
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    stopped = true
    await Promise.all(loops)
    assert.deepEqual([...statuses.keys()], [200])
  })
})
