import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import type { Data } from '../store/data.ts'
import { type Listener, LiveArticles } from './live-articles.ts'
import { LiveSockets } from './live-socket.ts'

/** Speaks when the test says so. */
class Speaker extends LiveArticles {
  readonly heard = new Set<Listener>()

  override listen(listener: Listener): () => void {
    this.heard.add(listener)
    return () => void this.heard.delete(listener)
  }

  say(message: string): void {
    for (const listener of this.heard) listener(message)
  }
}

async function start(t: TestContext, pingMs?: number) {
  const speaker = new Speaker({} as Data)
  const sockets = new LiveSockets(speaker, pingMs)
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => sockets.add(socket))
  await once(server, 'listening')
  const open = async (options = {}): Promise<WebSocket> => {
    const { port } = server.address() as AddressInfo
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, options)
    await once(socket, 'open')
    return socket
  }
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
    sockets.close()
  })
  return { speaker, sockets, open }
}

it('a client that reads too slowly is closed with 1013, and the others hear on', async (t) => {
  const { speaker, sockets, open } = await start(t)
  const slow = await open()
  const quick = await open()
  let heard = 0
  quick.on('message', () => {
    heard += 1
  })
  slow.pause()
  const message = 'x'.repeat(60_000)
  let said = 0
  while (speaker.heard.size === 2 && said < 10_000) {
    speaker.say(message)
    said += 1
    await sleep(1)
  }
  assert.equal(speaker.heard.size, 1, 'nothing more is kept for it')
  slow.resume()
  const [code, reason] = await once(slow, 'close')
  assert.deepEqual([code, String(reason)], [1013, 'too slow'])
  while (heard < said || sockets.size > 1) await sleep(5)
  quick.close()
  await once(quick, 'close')
  while (sockets.size > 0) await sleep(5)
  assert.equal(speaker.heard.size, 0)
})

it('a client that answers no ping is given up, one that does stays', async (t) => {
  const { speaker, sockets, open } = await start(t, 100)
  const gone = await open({ autoPong: false })
  const there = await open()
  await once(gone, 'close')
  await sleep(300)
  assert.equal(there.readyState, WebSocket.OPEN)
  assert.equal(sockets.size, 1)
  assert.equal(speaker.heard.size, 1)
})
