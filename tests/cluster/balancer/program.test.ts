// The program that control starts: killed, started again, and ended in order.
import assert from 'node:assert/strict'
import { answer, backend, gatewayFile, scriptedServer, startOrigin } from '../gateway-setup.ts'
import { RawConnection, until } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'
import { eventually } from './eventually.ts'

onEveryEngine((engine, promise) => {
  const ok = () =>
    scriptedServer(({ socket, bytes }) => {
      if (bytes.endsWith('\r\n\r\n')) answer(socket, 'ok')
    })

  promise('after SIGKILL new connections wait for the next one', async () => {
    await using server = await ok()
    await using running = await engine.run(gatewayFile([backend(server.port)]))
    const url = `http://127.0.0.1:${running.port}/`
    // One of its own: a connection that `fetch` keeps would be used again though it is being closed.
    const first = await RawConnection.open(running.port)
    assert.equal((await first.get('/')).status, 200)
    first.destroy()
    running.kill('SIGKILL')
    await running.ended()
    // The test holds the socket as the holder does; it was listened on, so the kernel takes connections.
    const waiting = Array.from({ length: 20 }, async () => (await fetch(url)).status)
    const [statuses] = await Promise.all([Promise.all(waiting), running.again()])
    assert.ok(statuses.every((status) => status === 200))
  })

  promise(
    'SIGTERM: what is under way is answered, idle connections are kept as promised, then it ends with 0',
    async () => {
      await using server = await startOrigin()
      const file = gatewayFile([backend(server.port)], { drainTimeoutMs: 10_000 })
      await using running = await engine.run(file)
      const [busy, idle] = [
        await RawConnection.open(running.port),
        await RawConnection.open(running.port),
      ]
      assert.equal((await idle.get('/')).status, 200)
      busy.send('GET /slow?ms=500 HTTP/1.1\r\nHost: x\r\n\r\n')
      await until(() => server.count() === 2)
      running.kill('SIGTERM')
      await eventually(async () => !(await running.isReady()))
      const last = await busy.answer()
      assert.equal(last.status, 200)
      assert.equal(last.headers.connection, 'close')
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      assert.equal(idle.closed, false, 'its client may still count on it')
      const onIdle = await idle.get('/')
      assert.equal(onIdle.status, 200)
      assert.equal(onIdle.headers.connection, 'close')
      assert.equal(await running.ended(), 0)
      assert.equal(busy.failure, null)
      assert.equal(idle.failure, null)
    },
  )
})
