import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainAddress, readTrusted } from './trusted-proxies.ts'

test('addresses and ranges of both families are trusted, and nothing beside them', () => {
  const { isTrusted, bad } = readTrusted(['10.0.0.0/8', '192.168.1.1', 'fd00::/8', '::1'])
  assert.deepEqual(bad, [])
  for (const address of ['10.1.2.3', '192.168.1.1', 'fd12::1', '::1']) assert.ok(isTrusted(address))
  for (const address of ['11.0.0.1', '192.168.1.2', 'fe80::1', 'unknown', '']) {
    assert.ok(!isTrusted(address), address)
  }
})

test('what is neither an address nor a range is named', () => {
  const list = ['10.0.0.0/33', 'proxy.example', '10.0.0.0/8/8', '10.0.0.0/', '::/129', '1.2.3.4']
  assert.deepEqual(readTrusted(list).bad, list.slice(0, -1))
})

test('an IPv4 client of a socket for both families is an IPv4 client', () => {
  assert.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1')
  assert.equal(plainAddress('::1'), '::1')
})
