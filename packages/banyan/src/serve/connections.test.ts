import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { Connections } from './connections.ts'

test('requests that a client pipelined and abandoned are not taken for under way', async () => {
  let taken = 0
  const server = createServer((request, response) => {
    taken += 1
    connections.answering(request.socket, response, true)
  })
  const connections = new Connections(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
  while (taken < 3) await once(server, 'request')
  assert.equal(connections.inFlight, 1)
  client.destroy()
  await connections.empty()
  assert.equal(connections.inFlight, 0)
  server.close()
})

test('of pipelined requests the last is told that the connection ends, so that all are answered', async () => {
  const answers: ServerResponse[] = []
  const server = createServer((request, response) => {
    answers.push(response)
    connections.answering(request.socket, response, true)
  })
  const connections = new Connections(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let received = ''
  client.on('data', (piece) => {
    received += piece
  })
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2))
  while (answers.length < 2) await once(server, 'request')
  connections.announceClose()
  answers[0]?.end('one')
  answers[1]?.end('two')
  await once(client, 'end')
  assert.deepEqual(received.match(/one|two/g), ['one', 'two'])
  assert.deepEqual(received.match(/Connection: [a-z-]+/gi), [
    'Connection: keep-alive',
    'connection: close',
  ])
  client.destroy()
  server.close()
})
