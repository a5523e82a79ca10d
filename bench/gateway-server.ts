import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// A server behind the proxies: the shape of a small JSON API, with as little work as there can be.
const body = Buffer.from(JSON.stringify({ article: { title: 'A title', body: 'x'.repeat(1_000) } }))
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    etag: '"3e8-abcdefghijkl"',
  })
  response.end(body)
})
// Longer than a bench lasts: no contestant is to pay for a connection that was closed too early.
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit())
