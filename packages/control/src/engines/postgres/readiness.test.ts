import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freeAddress } from './free-address.ts'
import { classifyAnswer, probe } from './readiness.ts'

/** A message of the protocol: its kind, its length, its content. */
function message(kind: string, content: string): Buffer {
  const head = Buffer.alloc(5)
  head.write(kind)
  head.writeInt32BE(4 + content.length, 1)
  return Buffer.concat([head, Buffer.from(content)])
}

test('a server that asks for a password accepts', () => {
  assert.equal(classifyAnswer(message('R', '\0\0\0\nSCRAM-SHA-256\0\0')), 'accepting')
})

test('a server that says 57P03 is starting', () => {
  assert.equal(classifyAnswer(message('E', 'SFATAL\0C57P03\0Mstarting up\0\0')), 'starting')
})

test('a server that is full accepts, though not us', () => {
  assert.equal(classifyAnswer(message('E', 'SFATAL\0C53300\0Mtoo many clients\0\0')), 'accepting')
})

test('half an answer is none yet', () => {
  assert.equal(classifyAnswer(message('E', 'SFATAL\0C57P03\0\0').subarray(0, 12)), null)
})

test('somebody else on the port is not PostgreSQL', () => {
  assert.equal(classifyAnswer(Buffer.from('HTTP/1.1 400 Bad Request\r\n')), 'silent')
})

test('nobody on the port is silence', async () => {
  assert.equal(await probe(await freeAddress('nobody is here')), 'silent')
})

test('one who hangs up is silence', async () => {
  const { address, port } = await freeAddress('one who hangs up')
  const server = createServer((socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  try {
    assert.equal(await probe({ address, port }), 'silent')
  } finally {
    server.close()
  }
})
