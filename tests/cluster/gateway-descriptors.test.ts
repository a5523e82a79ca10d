// A gateway at the limit of its process.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { backend, gatewayFile, scriptedServer, startGatewayProcess } from './gateway-setup.ts'
import { RawConnection, until } from './serve-process.ts'

const hasHead = (bytes: string): boolean => bytes.includes('\r\n\r\n')

const hasPrlimit = spawnSync('prlimit', ['--version']).error === undefined

test('a gateway without descriptors left says so, and does not take its servers for dead', {
  skip: !hasPrlimit && 'prlimit is not installed',
}, async () => {
  await using server = await scriptedServer()
  await using running = await startGatewayProcess(gatewayFile([backend(server.port)]))
  const healthy = async (): Promise<boolean | undefined> =>
    (await running.status()).backends[0]?.healthy
  while ((await healthy()) !== true) await new Promise((resolve) => setTimeout(resolve, 20))
  const clients = await Promise.all(
    Array.from({ length: 40 }, () => RawConnection.open(running.port)),
  )
  for (const client of clients) await client.get('/-/live')
  const open = readdirSync(`/proc/${running.pid}/fd`).length
  spawnSync('prlimit', ['--pid', String(running.pid), `--nofile=${open}`])
  // More than there may be holes among the descriptors: each waits at its server.
  for (const client of clients) {
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  }
  await until(() => clients.some(({ received }) => hasHead(received)))
  for (const { received } of clients) {
    if (hasHead(received)) assert.match(received, /^HTTP\/1\.1 503 [\s\S]*retry-after: 1/i)
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  assert.doesNotMatch(running.output(), /server is not healthy/)
  assert.match(running.output(), /"kind":"own"/)
  for (const client of clients) client.destroy()
})
