import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

// A server that does nothing, and answers every request exactly so many milliseconds after it arrived.
// Node's timers are a millisecond coarse: they bring it near, and the rest is waited for by looking at the
// clock, between which sockets are still read.
const delayMs = Number(process.argv[2])
const coarseMs = 2

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=60\r\n\r\nok'
const lastAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'

type Due = { readonly atMs: number; readonly socket: Socket; readonly isLast: boolean }

const due: Due[] = []
let isAwake = false

function sleep(): void {
  isAwake = false
  const [first] = due
  if (first) setTimeout(wake, Math.max(0, first.atMs - performance.now() - coarseMs))
}

function wake(): void {
  if (isAwake) return
  isAwake = true
  look()
}

function look(): void {
  const now = performance.now()
  while (due[0] && due[0].atMs <= now) {
    const { socket, isLast } = due.shift() as Due
    if (isLast) socket.end(lastAnswer)
    else socket.write(answer)
  }
  if (due[0] && due[0].atMs - now <= coarseMs + 1) setImmediate(look)
  else sleep()
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    const isLast = /^connection: *close/im.test(chunk.toString('latin1'))
    due.push({ atMs: performance.now() + delayMs, socket, isLast })
    if (due.length === 1 && !isAwake) sleep()
  })
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
