import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { runHurl } from '@banyan/testing'
import { serve } from 'banyan'
import { createPasswords } from '../../apps/conduit/src/passwords.ts'
import { freshName } from '../../apps/conduit/src/testing/client.ts'
import { startOnBanyan } from './conduit-system.ts'

const directory = new URL('../../../shared/realworld/hurl/', import.meta.url).pathname
const skip = existsSync(directory) ? false : 'the requests of RealWorld are not on this machine'

test('the RealWorld suite holds in narrow mode, without a warning of it', { skip }, async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  process.on('warning', onWarning)
  const passwords = createPasswords({ concurrency: 1 })
  const conduit = await startOnBanyan({ narrow: true, passwords })
  const server = await serve(conduit.app, { port: 0, ownProcess: false, requestLogs: false })
  try {
    // Twice, so that the second time there are rows of others to come upon.
    for (const uid of [freshName('one'), freshName('two')]) {
      const { failures, requests } = await runHurl({ directory, host: server.url, uid })
      assert.deepEqual(failures, [])
      assert.equal(requests, 154)
    }
    assert.deepEqual(warnings, [])
  } finally {
    process.off('warning', onWarning)
    await server.stop()
    await conduit.stop()
  }
})
