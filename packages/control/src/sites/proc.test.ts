import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { identify, isSameProcess, untilEnded } from './identity.ts'
import {
  connectionsOf,
  holderOfPort,
  listeningPorts,
  parseListeners,
  processesWith,
} from './proc.ts'

const onLinux = { skip: process.platform === 'linux' ? false : 'needs /proc' }

test('only listening sockets are read from the table of sockets', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1
   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1
`
  assert.deepEqual(parseListeners(table), [{ port: 8080, inode: '4242' }])
})

test('the process that listens on a port is found', onLinux, async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  // A process does not look for itself: who asks wants to know about others.
  assert.ok((await listeningPorts([process.pid])).includes(port))
  server.close()
})

test(
  'connections of a process to one server are told from those to another on the same port',
  onLinux,
  async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    const { port } = server.address() as { port: number }
    const sockets = ['127.3.4.5', '127.3.4.6'].map((host) => connect({ host, port }))
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const [at, beside] = sockets.map(({ localPort }) => localPort)
    assert.deepEqual(await connectionsOf([process.pid], { host: '127.3.4.5', port }), [[at]])
    assert.deepEqual(await connectionsOf([process.pid], { host: '127.3.4.6', port }), [[beside]])
    assert.deepEqual(await connectionsOf([process.pid], { host: '127.3.4.7', port }), [[]])
    for (const socket of sockets) socket.destroy()
    server.close()
  },
)

test('nobody is found on a port that is free', onLinux, async () => {
  assert.equal(await holderOfPort(1), null)
})

test(
  'processes are found by a variable of their environment, whoever started them',
  onLinux,
  async () => {
    const value = `/tmp/mark-${process.pid}`
    const child = spawn('sleep', ['30'], { env: { ...process.env, MARK: value }, stdio: 'ignore' })
    try {
      await new Promise((resolve) => child.once('spawn', resolve))
      assert.deepEqual(await processesWith('MARK', value), [child.pid])
      assert.deepEqual(await processesWith('MARK', value.slice(0, -1)), [])
    } finally {
      child.kill('SIGKILL')
    }
  },
)

test('a process is the same until it ends, and another start time is another process', async () => {
  const child = spawn('sleep', ['30'], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('spawn', resolve))
  const identity = identify(child.pid ?? 0)
  assert.ok(identity)
  assert.equal(isSameProcess(identity), true)
  assert.equal(isSameProcess({ ...identity, startTime: `${identity.startTime}0` }), false)
  child.kill('SIGKILL')
  assert.equal(await untilEnded(identity, 5_000), true)
})
