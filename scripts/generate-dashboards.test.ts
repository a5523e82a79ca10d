import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { dashboards } from './generate-dashboards.ts'

const folder = new URL('../packages/control/src/engines/prometheus/dashboards/', import.meta.url)

test('the dashboards that are committed are those that the generator makes', async () => {
  const made = dashboards()
  assert.deepEqual((await readdir(folder)).sort(), [...made.keys()].sort())
  for (const [name, text] of made) {
    const committed = await readFile(new URL(name, folder), 'utf8')
    assert.equal(committed, text, `${name}: run node scripts/generate-dashboards.ts`)
  }
})
