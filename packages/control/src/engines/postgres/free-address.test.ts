import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freeAddress, loopbackAddress } from './free-address.ts'

const linux = process.platform === 'linux' ? false : 'only Linux has all of 127.0.0.0/8'

test('one seed finds the same address again, another seed another one', {
  skip: linux,
}, async () => {
  const first = await freeAddress('/srv/a')
  assert.deepEqual(await freeAddress('/srv/a'), first)
  assert.notEqual((await freeAddress('/srv/b')).address, first.address)
  assert.match(first.address, /^127\.\d+\.\d+\.1$/)
})

test('an address whose port is taken is passed over', { skip: linux }, async () => {
  const first = await freeAddress('taken')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(first.port, first.address, resolve))
  try {
    const second = await freeAddress('taken')
    assert.notDeepEqual(second, first)
    assert.equal(second.port, first.port)
  } finally {
    server.close()
  }
})

test('somebody who listens on the port of all addresses leaves us another port', {
  skip: linux,
}, async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  try {
    const found = await freeAddress('crowded', port)
    assert.notEqual(found.port, port)
    assert.ok(found.port > 0)
  } finally {
    server.close()
  }
})

test('derived addresses stay clear of the ones that people use by hand', () => {
  for (let seed = 0; seed < 500; seed++) {
    const second = Number(loopbackAddress(String(seed)).split('.')[1])
    assert.ok(second >= 64 && second < 128)
  }
})
