import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { defaultStopTimeoutMs } from './stop-timeout.ts'

const folder = mkdtempSync(join(tmpdir(), 'banyan-stop-'))
after(() => rmSync(folder, { recursive: true }))

function systemFile(service: string): string {
  const path = join(folder, `${service}.json`)
  const services = [{ name: 'web', stopTimeoutMs: 30_000 }]
  const file = { format: 1, service, system: { services }, shards: [], connectionsMax: 1 }
  writeFileSync(path, JSON.stringify(file))
  return path
}

test('outside of a system a stop takes 9 s at most', () => {
  assert.equal(defaultStopTimeoutMs(undefined), 9_000)
})

test('a service stops within nine tenths of what its system grants it', () => {
  assert.equal(defaultStopTimeoutMs(systemFile('web')), 27_000)
  assert.equal(defaultStopTimeoutMs(systemFile('other')), 9_000)
})
