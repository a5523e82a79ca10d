// A server behind a gateway, in a process of its own, that does what a path says. Not a test.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

let requests = 0
const die = (): boolean => process.kill(process.pid, 'SIGKILL')

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
  if (pathname === '/-/ready') {
    response.writeHead(200, { 'banyan-ready': 'true' }).end()
    return
  }
  requests += 1
  process.send?.({ requests })
  // The count has to be out before the process is gone.
  await sleep(20)
  if (pathname === '/die-before') die()
  if (pathname === '/die-in-held') {
    response.writeHead(200, { 'content-length': 1_000 })
    response.write('x'.repeat(500), die)
    return
  }
  if (pathname === '/die-in-chunked') {
    response.write('x'.repeat(500), () => setTimeout(die, 50))
    return
  }
  if (pathname === '/die-in-long') {
    response.writeHead(200, { 'content-length': 200_000 })
    response.write('x'.repeat(500), () => setTimeout(die, 50))
    return
  }
  if (pathname === '/slow') await sleep(Number(searchParams.get('ms')))
  const pieces: Buffer[] = []
  try {
    for await (const piece of request) pieces.push(piece as Buffer)
  } catch {
    // Whoever asked has given up, which is no reason to die.
    return
  }
  const body = Buffer.concat(pieces)
  response.setHeader('x-pid', process.pid)
  response.end(`${request.method} ${request.url} ${body.length}`)
})

server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit())
