import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { Connections } from './connections.ts'

test('requests that a client pipelined and abandoned are not counted as in flight for ever', async () => {
  let taken = 0
  const server = createServer((_request, response) => {
    taken += 1
    connections.began(response)
    response.on('close', () => connections.ended(response))
  })
  const connections = new Connections(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
  while (taken < 3) await once(server, 'request')
  assert.equal(connections.inFlight, 3)
  client.destroy()
  await connections.empty()
  // The answers hear of the end of their connection one tick after it.
  await new Promise(setImmediate)
  assert.equal(connections.inFlight, 0)
  server.close()
})
