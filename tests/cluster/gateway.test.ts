// The gateway's own program: its private address and its file. What it shares with other balancers is in
// balancer/.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  answer,
  backend,
  gatewayFile,
  scriptedServer,
  startGatewayProcess,
  token,
} from './gateway-setup.ts'

const ok = () =>
  scriptedServer(({ socket, bytes }) => {
    if (bytes.endsWith('\r\n\r\n')) answer(socket, 'ok')
  })

test('the program takes the passed socket, answers at its private address, and takes changes', async () => {
  await using first = await ok()
  await using second = await ok()
  const file = gatewayFile([backend(first.port)])
  await using running = await startGatewayProcess(file)
  const privately = `http://127.0.0.1:${running.privatePort}`
  const ready = await fetch(`${privately}/-/ready`)
  assert.equal(ready.headers.get('banyan-ready'), 'true')
  assert.deepEqual(await ready.json(), { ready: true })
  assert.equal(await (await fetch(`http://127.0.0.1:${running.port}/`)).text(), 'ok')
  assert.equal((await running.status()).requests.sent, 1)

  assert.equal((await fetch(`${privately}/-/gateway`)).status, 401)
  assert.equal((await running.put(file, 'wrong')).status, 401)
  assert.equal((await running.put('{')).status, 400)
  assert.equal((await running.put({ ...file, version: 2, backends: [{}] })).status, 400)
  assert.equal((await running.put({ ...file, version: 0 })).status, 409)
  assert.equal((await running.status()).version, 1, 'what was refused changed nothing')

  const listen = { host: '127.0.0.1', port: running.privatePort }
  const next = { ...file, listen, version: 2, backends: [backend(second.port)] }
  const put = await running.put(next)
  assert.equal(put.status, 200)
  assert.equal(((await put.json()) as { version: number }).version, 2)
  assert.equal(await (await fetch(`http://127.0.0.1:${running.port}/`)).text(), 'ok')
  assert.match(second.seen(), /^GET \/ HTTP/)
  assert.doesNotMatch(running.output(), new RegExp(token), 'the token is in no log')
})

test('a gateway without its file or its socket says so and ends with 1', async () => {
  const { spawnSync } = await import('node:child_process')
  const { fileURLToPath } = await import('node:url')
  const program = fileURLToPath(import.meta.resolve('@banyan/gateway/main'))
  const env = { ...process.env, LISTEN_FDS: '1', BANYAN_SYSTEM: '/nowhere/gateway.json' }
  const { status, stdout } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stdout, /BANYAN_GATEWAY_FILE_INVALID/)
})
