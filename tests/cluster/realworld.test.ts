import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { runHurl, startSystem, type TestSystem } from '@banyan/testing'

const config = new URL('../../apps/conduit/banyan.config.ts', import.meta.url).pathname
const directory = new URL('../../../shared/realworld/hurl', import.meta.url).pathname
const skip = existsSync(directory) ? false : 'the requests of RealWorld are not on this machine'

describe('the RealWorld suite against Conduit, started by banyan up', { skip }, () => {
  let system: TestSystem
  before(async () => {
    system = await startSystem({ config })
  })
  after(() => system?.stop())

  const run = () => runHurl({ directory, host: system.url, uid: `u${Date.now().toString(36)}` })

  test('all 154 requests with their 384 body checks hold', async () => {
    const { failures, ...counted } = await run()
    assert.deepEqual(failures, [])
    assert.deepEqual(counted, { files: 13, requests: 154, statusChecks: 154, bodyChecks: 384 })
  })

  test('they hold again after the database and the web process were killed', async () => {
    await system.kill('primary')
    await system.kill('web-1')
    const deadline = performance.now() + 30_000
    const isUp = (): Promise<boolean> =>
      fetch(`${system.url}/api/tags`).then(
        ({ ok }) => ok,
        () => false,
      )
    while (!(await isUp())) assert.ok(performance.now() < deadline, await system.logs())
    assert.deepEqual((await run()).failures, [])
  })

  test('they hold through the gateway, and again after a web process behind it was killed', async () => {
    await system.banyan('grow', 'balanced')
    assert.deepEqual((await run()).failures, [])
    await system.kill('web-2')
    assert.deepEqual((await run()).failures, [])
  })

  test('the log has a line for each request, and no password, token or query', async () => {
    const logs = await system.logs()
    assert.match(logs, /request finished/)
    assert.doesNotMatch(logs, /password123|Token ey|\?limit=|\?author=/)
  })
})
