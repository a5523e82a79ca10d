import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choosePlaces, type Place, type PlaceOptions } from './place.ts'

const pid = 42
const arrived = (): null => null

const choosePlace = (env: Record<string, string>, own: number, options: PlaceOptions): Place =>
  choosePlaces(env, own, options, arrived).public

test('without anything it is port 3000 of the loopback address, and known to be the default', () => {
  assert.deepEqual(choosePlace({}, pid, {}), {
    kind: 'address',
    host: '127.0.0.1',
    port: 3000,
    isDefault: true,
  })
})

test('the environment goes before what the app asks for', () => {
  const asked = { host: '0.0.0.0', port: 8080 }
  const place = { kind: 'address', isDefault: false } as const
  assert.deepEqual(choosePlace({}, pid, asked), { ...place, ...asked })
  const given = { HOST: '127.1.2.3', PORT: '0' }
  assert.deepEqual(choosePlace(given, pid, asked), { ...place, host: '127.1.2.3', port: 0 })
})

test('a passed socket goes before all, when it is meant for this process', () => {
  const socket = { kind: 'socket', fd: 3 }
  assert.deepEqual(choosePlace({ LISTEN_FDS: '1', LISTEN_PID: '42', PORT: '1' }, pid, {}), socket)
  assert.deepEqual(choosePlace({ LISTEN_FDS: '1', PORT: '1' }, pid, {}), socket)
  const other = choosePlace({ LISTEN_FDS: '1', LISTEN_PID: '43', PORT: '1' }, pid, {})
  assert.equal(other.kind, 'address')
})

test('with a passed socket and a port it is both, the socket being the public one', () => {
  const both = choosePlaces({ LISTEN_FDS: '1', HOST: '127.9.0.1', PORT: '81' }, pid, {}, arrived)
  assert.deepEqual(both, {
    public: { kind: 'socket', fd: 3 },
    private: { kind: 'address', host: '127.9.0.1', port: 81, isDefault: false },
    missing: null,
  })
  const socketOnly = choosePlaces({ LISTEN_FDS: '1' }, pid, { port: 82 }, arrived)
  assert.equal(socketOnly.private, null, 'a port that the app asks for is none of the environment')
})

test('a passed socket that did not arrive leaves the port, and says why; without a port it is refused later', () => {
  const lost = (fd: number): string => `descriptor ${fd} is a pipe`
  assert.deepEqual(choosePlaces({ LISTEN_FDS: '1', PORT: '81' }, pid, {}, lost), {
    public: { kind: 'address', host: '127.0.0.1', port: 81, isDefault: false },
    private: null,
    missing: 'descriptor 3 is a pipe',
  })
  const withoutPort = choosePlaces({ LISTEN_FDS: '1' }, pid, {}, lost)
  assert.deepEqual(withoutPort.public, { kind: 'socket', fd: 3 })
})

test('two passed sockets are refused, none is none', () => {
  assert.throws(() => choosePlace({ LISTEN_FDS: '2' }, pid, {}), {
    code: 'BANYAN_LISTEN_SOCKET_INVALID',
  })
  assert.equal(choosePlace({ LISTEN_FDS: '0' }, pid, {}).kind, 'address')
})

test('a port that is none is refused by name, an empty one is as not set', () => {
  for (const PORT of ['abc', '-1', '65536', '80.5', '1e3', ' 80']) {
    assert.throws(() => choosePlace({ PORT }, pid, {}), { code: 'BANYAN_PORT_INVALID' }, PORT)
  }
  assert.throws(() => choosePlace({}, pid, { port: Number.NaN }), { code: 'BANYAN_PORT_INVALID' })
  assert.deepEqual(choosePlace({ PORT: '' }, pid, {}), choosePlace({}, pid, {}))
})
