import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { type Bound, bindPublic } from './bind.ts'

const children = new Set<ChildProcess>()
const bound: Bound[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const { handle } of bound) (handle as { close(): void }).close()
})

async function bind(host: string, port: number, beside = false): Promise<Bound> {
  const result = await bindPublic({ host, port, beside })
  assert.ok('fd' in result, JSON.stringify(result))
  bound.push(result)
  return result
}

function portOf({ handle }: Bound): number {
  const name: { port?: number } = {}
  ;(handle as { getsockname(out: object): number }).getsockname(name)
  return name.port ?? 0
}

/** What an entry process does with the socket: it listens on it, and answers its own word. */
async function startEntry({ fd }: Bound, word: string): Promise<ChildProcess> {
  const program = `require('node:net').createServer((socket) => socket.end('${word}'))
    .listen({ fd: 3 }, () => console.log('listening'))`
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
  })
  children.add(child)
  await once(child.stdout as NodeJS.EventEmitter, 'data')
  return child
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
  children.delete(child)
}

/** What is answered at an address, or the code of the refusal. */
async function ask(port: number, host = '127.0.0.1'): Promise<string> {
  const socket = connect(port, host)
  return await answerOf(socket)
}

async function answerOf(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  return await new Promise((resolve) => {
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)))
    socket.once('end', () => resolve(text))
  })
}

async function listen(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.end('foreign'))
  server.listen(0, host)
  await once(server, 'listening')
  return { server, port: (server.address() as { port: number }).port }
}

test('a bound socket accepts nothing until an entry process listens on it', async () => {
  const socket = await bind('127.0.0.1', 0)
  const port = portOf(socket)
  assert.equal(await ask(port), 'ECONNREFUSED')
  const entry = await startEntry(socket, 'one')
  assert.equal(await ask(port), 'one')
  await end(entry)
})

test('who connects between two entry processes waits, and is answered by the second', async () => {
  const socket = await bind('127.0.0.1', 0)
  const port = portOf(socket)
  await end(await startEntry(socket, 'one'))
  const waiting = connect(port, '127.0.0.1')
  await once(waiting, 'connect')
  const second = await startEntry(socket, 'two')
  assert.equal(await answerOf(waiting), 'two')
  await end(second)
})

test('an address where somebody else listens is refused', async () => {
  const { server, port } = await listen('127.0.0.1')
  const result = await bindPublic({ host: '127.0.0.1', port, beside: false })
  assert.deepEqual(result, { code: 'EADDRINUSE', message: 'address already in use' })
  // Nor does it help to say that it is ours: what listens there does not share.
  const beside = await bindPublic({ host: '127.0.0.1', port, beside: true })
  assert.equal('code' in beside && beside.code, 'EADDRINUSE')
  server.close()
})

test('beside an entry process that still serves a second socket is bound, and takes over when that ends', async () => {
  const old = await bind('127.0.0.1', 0)
  const port = portOf(old)
  const first = await startEntry(old, 'old')
  const refused = await bindPublic({ host: '127.0.0.1', port, beside: false })
  assert.equal('code' in refused && refused.code, 'EADDRINUSE')
  const next = await bind('127.0.0.1', port, true)
  assert.equal(await ask(port), 'old', 'nobody listens on the second one yet')
  const second = await startEntry(next, 'new')
  ;(old.handle as { close(): void }).close()
  await end(first)
  assert.equal(await ask(port), 'new')
  await end(second)
})

test('names and addresses of either family are bound', async (context) => {
  const named = await bind('localhost', 0)
  assert.ok(portOf(named) > 0)
  const six = await bindPublic({ host: '::1', port: 0, beside: false })
  if (!('fd' in six)) return context.skip('this machine has no IPv6')
  bound.push(six)
  const entry = await startEntry(six, 'six')
  assert.equal(await ask(portOf(six), '::1'), 'six')
  await end(entry)
})

test('an address that is not of this machine is refused', async () => {
  const result = await bindPublic({ host: '192.0.2.1', port: 0, beside: false })
  assert.equal('code' in result && result.code, 'EADDRNOTAVAIL')
})

test('an address that another holder has claimed is not given to a second one', async () => {
  const program = `import { claimAddress } from ${JSON.stringify(new URL('./claim.ts', import.meta.url).href)}
    console.log(await claimAddress('127.0.0.1', 65000), await claimAddress('127.0.0.2', 65000))
    setInterval(() => {}, 1000)`
  const start = () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.add(child)
    return child
  }
  const say = async (child: ChildProcess) =>
    String((await once(child.stdout as NodeJS.EventEmitter, 'data'))[0]).trim()
  const first = start()
  assert.equal(await say(first), 'true true')
  const second = start()
  assert.equal(await say(second), 'false false')
  await end(first)
  await end(second)
  const third = start()
  assert.equal(await say(third), 'true true', 'the claim ends with its process')
  await end(third)
})
