// Clients and servers that misbehave at random, all at once: the gateway lives, mixes nothing up, and
// forgets nothing. The seed repeats what was chosen, not how the machine timed it.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { backend, gatewayFile, scriptedServer } from '../gateway-setup.ts'
import { RawConnection } from '../serve-process.ts'
import { onEveryEngine } from './engine.ts'
import { eventually } from './eventually.ts'

onEveryEngine((engine, promise) => {
  const seed = Number(process.env.BANYAN_SEED ?? Date.now() % 1_000_000)
  const runMs = Number(process.env.BANYAN_CHAOS_MS ?? 4_000)

  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) % below
  }

  /** What a server may do with a request; most of it is right, so that connections live for a while. */
  function reply(socket: Socket, path: string): void {
    const body = `<${path}>`
    const good = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    const acts: (() => unknown)[] = [
      () => socket.write(good.slice(0, 20)) && setTimeout(() => socket.write(good.slice(20)), 5),
      () =>
        socket.write(chunked.slice(0, -3)) && setTimeout(() => socket.write(chunked.slice(-3)), 5),
      () => socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`) && socket.end(),
      () => socket.write(`${good}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
      () => socket.write(good) && socket.end(),
      () => socket.end(good.slice(0, -2)),
      () => socket.end(chunked.slice(0, -4)),
      () => socket.destroy(),
      () => socket.resetAndDestroy(),
      () => socket.write('nonsense\r\n\r\n'),
      () => setTimeout(() => socket.write(good), random(40)),
    ]
    const act = acts[random(acts.length * 3)] ?? (() => socket.write(random(2) ? good : chunked))
    act()
  }

  const chaosServer = () => {
    const taken = new WeakMap<Socket, number>()
    return scriptedServer(({ socket, bytes }) => {
      while (true) {
        const from = taken.get(socket) ?? 0
        const end = bytes.indexOf('\r\n\r\n', from)
        if (end < 0) return
        const head = bytes.slice(from, end)
        const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0)
        const last = /transfer-encoding: chunked/.test(head)
          ? bytes.indexOf('\r\n0\r\n\r\n', end)
          : 0
        const next = last > 0 ? last + 7 : end + 4 + length
        if (last < 0 || bytes.length < next) return
        taken.set(socket, next)
        reply(socket, /^\S+ (\S+)/.exec(head)?.[1] ?? '?')
      }
    })
  }

  let counter = 0

  /** A request with a name of its own, and how it goes over the wire. */
  function someRequest(): { path: string; bytes: string } {
    counter += 1
    const path = `/${counter}`
    const size = random(3) === 0 ? random(90_000) : random(50)
    const body = 'b'.repeat(size)
    const head = (method: string, framing: string): string =>
      `${method} ${path} HTTP/1.1\r\nHost: x\r\n${framing}\r\n`
    const bytes = [
      head('GET', ''),
      head('PUT', `Content-Length: ${size}\r\n`) + body,
      head('POST', `Content-Length: ${size}\r\n`) + body,
      head('POST', 'Transfer-Encoding: chunked\r\n') +
        (size > 0 ? `${size.toString(16)}\r\n${body}\r\n` : '') +
        '0\r\n\r\n',
    ][random(4)] as string
    return { path, bytes }
  }

  const tally = { good: 0, refused: 0, cut: 0, left: 0 }

  /** One client: some requests on one connection, until it is bored, breaks it, or is cut. */
  async function client(port: number): Promise<void> {
    const connection = await RawConnection.open(port)
    try {
      for (let n = random(6); n >= 0; n--) {
        const { path, bytes } = someRequest()
        const behaves = random(12)
        if (behaves === 0) {
          connection.send(bytes.slice(0, random(bytes.length)))
          await sleep(random(20))
          tally.left += 1
          return
        }
        connection.send(bytes)
        if (behaves === 1) {
          await sleep(random(20))
          tally.left += 1
          return
        }
        const found = await connection.answer(20_000).catch(() => null)
        if (found === null) {
          tally.cut += 1
          return
        }
        assert.ok([200, 502, 503].includes(found.status), `${found.status}`)
        if (found.status === 200) {
          assert.equal(found.body, `<${path}>`, 'an answer belongs to its request')
          tally.good += 1
        } else tally.refused += 1
      }
    } finally {
      connection.destroy()
    }
  }

  /** Bytes that are hardly ever HTTP. */
  async function vandal(port: number): Promise<void> {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const { bytes } = someRequest()
    const spoilt = Buffer.from(bytes)
    for (let n = 1 + random(5); n > 0; n--)
      spoilt[random(Math.min(80, spoilt.length))] = random(256)
    socket.write(spoilt)
    await sleep(random(30))
    if (random(2)) socket.resetAndDestroy()
    else socket.destroy()
  }

  promise(
    `in a chaos of clients and servers every answer is the right one (seed ${seed})`,
    async () => {
      await using first = await chaosServer()
      await using second = await chaosServer()
      const file = gatewayFile([backend(first.port), backend(second.port)])
      await using running = await engine.start(file)
      const ends = performance.now() + runMs
      const isEnough = (): boolean => tally.good > 50 && tally.cut > 0 && tally.left > 0
      // On a machine that has much else to do it takes longer until enough has happened.
      const isOver = (): boolean => {
        const nowMs = performance.now()
        return nowMs >= ends && (isEnough() || nowMs >= ends + 60_000)
      }
      const loop = async (act: (port: number) => Promise<void>): Promise<void> => {
        while (!isOver()) await act(running.port)
      }
      await Promise.all([
        ...Array.from({ length: 16 }, () => loop(client)),
        ...Array.from({ length: 4 }, () => loop(vandal)),
      ])
      assert.ok(isEnough(), JSON.stringify(tally))
      await eventually(async () =>
        (await running.status()).backends.every(({ inFlight }) => inFlight === 0),
      )
      await eventually(async () =>
        (await running.status()).backends.every(({ healthy }) => healthy),
      )
    },
  )
})
