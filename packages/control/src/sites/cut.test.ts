import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { statePaths } from '../state/paths.ts'
import { applyCuts, mendCuts, rulesOf, tableOf } from './cut.ts'

test('the rules drop what goes to a node and what comes from it, in a table of this system', () => {
  const places = [
    { address: '127.1.2.3', port: 5432 },
    { address: null, port: 8080 },
  ]
  assert.equal(
    rulesOf('banyan_1', [{ node: 'db-1', places }]),
    `table inet banyan_1
delete table inet banyan_1
table inet banyan_1 {
  chain cut {
    type filter hook input priority -10; policy accept;
    ip daddr 127.1.2.3 tcp dport 5432 drop
    ip saddr 127.1.2.3 tcp sport 5432 drop
    tcp dport 8080 drop
    tcp sport 8080 drop
  }
}
`,
  )
  assert.notEqual(tableOf({ directory: '/a' }), tableOf({ directory: '/b' }))
})

const permitted = spawnSync('nft', ['list', 'tables'], {
  env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
})

test('a node that is cut off is silent until it is healed, and another control mends it', async (t) => {
  if (permitted.status !== 0) return t.skip('needs root and nftables: apt-get install nftables')
  const paths = statePaths(await mkdtemp(join(tmpdir(), 'banyan-cut-')))
  const server = createServer((_request, response) => response.end('here'))
  await new Promise<void>((resolve) => server.listen(0, '127.77.1.9', resolve))
  t.after(async () => {
    await mendCuts(paths)
    server.close()
    server.closeAllConnections()
    await rm(paths.directory, { recursive: true, force: true })
  })
  const { address, port } = server.address() as AddressInfo
  const answers = async (ms = 10_000) =>
    await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(ms) }).then(
      async (response) => await response.text(),
      () => 'nothing',
    )
  assert.equal(await answers(), 'here')
  const cut = { node: 'web-1', places: [{ address, port }] }
  await applyCuts(paths, [cut])
  assert.equal(await answers(400), 'nothing')
  // The same again, and another beside it, put the table in place anew.
  await applyCuts(paths, [cut, { node: 'web-2', places: [{ address: '127.77.1.8', port }] }])
  assert.equal(await answers(400), 'nothing')
  assert.deepEqual(await mendCuts(paths), ['web-1', 'web-2'])
  assert.equal(await answers(), 'here')
  assert.equal(existsSync(paths.cuts), false)
  assert.deepEqual(await mendCuts(paths), [])
})

test('without the program it is said what installs it, and nothing is cut', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root: others are refused before')
  const paths = statePaths(await mkdtemp(join(tmpdir(), 'banyan-cut-')))
  t.after(async () => await rm(paths.directory, { recursive: true, force: true }))
  const cut = { node: 'web-1', places: [{ address: '127.77.1.7', port: 1 }] }
  await assert.rejects(applyCuts(paths, [cut], 'nft-that-nobody-has'), (error) => {
    assert.ok(BanyanError.is(error) && error.code === 'BANYAN_PARTITION_UNAVAILABLE')
    assert.match(error.hint ?? '', /apt-get install nftables/)
    return true
  })
  assert.equal(existsSync(paths.cuts), false)
})
