import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startLoad } from '@banyan/testing'
import { assertDone, type ReleaseSystem, startReleaseSystem } from './support/releases.ts'

/* What a release may change of a service while the one before still answers for it. */

describe('a release on balanced', { timeout: 300_000 }, () => {
  let released: ReleaseSystem

  before(async () => {
    released = await startReleaseSystem({ rungs: 'balanced' })
  })
  after(async () => await released?.remove())

  it('may bring a health path that the older processes do not know', async () => {
    const { app, system, release } = released
    await app.write('src/web.ts', answeringOnly('first', '/'))
    assertDone(await release())
    const load = startLoad({
      rate: 100,
      send: async () => {
        const response = await fetch(system.url)
        assert.equal(response.status, 200)
        return await response.text()
      },
    })
    const config = await app.take('banyan.config.ts')
    await app.write('banyan.config.ts', config.replace("routes: ['/']", "$&, health: '/alive'"))
    await app.write('src/web.ts', answeringOnly('second', '/', '/alive'))
    const report = await release()
    const { failed, acknowledged } = await load.stop()
    assertDone(report)
    assert.deepEqual(failed, [])
    // Had the older ones been left out, the new one would have been sent everything at once.
    const from = acknowledged.find(({ value }) => value === 'second')?.atMs ?? 0
    const firstSecond = acknowledged.filter(({ atMs }) => atMs >= from && atMs < from + 1_500)
    const older = firstSecond.filter(({ value }) => value === 'first').length
    assert.ok(older > firstSecond.length / 2, `${older} of ${firstSecond.length}`)
  })
})

const answeringOnly = (word: string, ...paths: string[]) => `import { serve } from 'banyan'
await serve((request, response) => {
  response.statusCode = ${JSON.stringify(paths)}.includes(request.url) ? 200 : 404
  response.end('${word}')
})
`
