// The requests of RealWorld through HAProxy. See realworld.test.ts for the same through everything else.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { runHurl, startSystem } from '@banyan/testing'
import { haproxyEngine } from './balancer/haproxy-engine.ts'

const config = new URL('../../apps/conduit/banyan.config.ts', import.meta.url).pathname
const directory = new URL('../../../shared/realworld/hurl', import.meta.url).pathname
const hasRequests = existsSync(directory)
const skip =
  haproxyEngine.missing ??
  (hasRequests ? false : 'the requests of RealWorld are not on this machine')

describe('the RealWorld suite through HAProxy', { skip }, () => {
  test('all 154 requests hold, and again after a web process behind it was killed', async () => {
    const system = await startSystem({ config })
    try {
      await system.banyan('grow', 'balanced', '--balancer', 'haproxy')
      const uid = `u${Date.now().toString(36)}`
      const first = await runHurl({ directory, host: system.url, uid })
      assert.deepEqual(first.failures, [])
      assert.equal(first.requests, 154)
      await system.kill('web-2')
      // Only what comes on a connection that died with it may fail, and what can be repeated is.
      for (let n = 0; n < 20; n++) assert.ok((await fetch(`${system.url}/api/tags`)).ok)
      const again = await runHurl({ directory, host: system.url, uid: `${uid}b` })
      assert.deepEqual(again.failures, [])
    } finally {
      await system.stop()
    }
  })
})
