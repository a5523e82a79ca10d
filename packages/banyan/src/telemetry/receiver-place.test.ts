import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { SpanReceiver } from '@banyan/model'
import { receiverPlace } from './receiver-place.ts'

let folder: string
let path: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-receiver-'))
  path = join(folder, 'system.json')
})
after(async () => await rm(folder, { recursive: true }))

const at = (port: number): SpanReceiver => ({ url: `http://127.0.0.1:${port}`, token: 't' })

/** As control writes it: a new file in the place of the old one. */
async function writeSystem(otlp: SpanReceiver | null): Promise<void> {
  const traces = { share: 1, slowMs: 1 }
  const telemetry = { otlp, traces, metricsToken: 'm' }
  const file = { format: 1, system: {}, shards: [], connectionsMax: 1, telemetry }
  await writeFile(`${path}.new`, JSON.stringify(file))
  await rename(`${path}.new`, path)
}

test('spans go where the file says now', async () => {
  await writeSystem(at(1))
  const where = receiverPlace(path, at(1))
  const place = async () => await new Promise<SpanReceiver>(where)
  assert.deepEqual(await place(), at(1))
  await writeSystem(at(2))
  assert.deepEqual(await place(), at(2))
  assert.deepEqual(await place(), at(2))
})

test('a file that is broken, says of no receiver, or is gone changes nothing', async () => {
  await writeSystem(at(3))
  const where = receiverPlace(path, at(1))
  const place = async () => await new Promise<SpanReceiver>(where)
  assert.deepEqual(await place(), at(3))
  await writeFile(path, '{ "format": 1, ')
  assert.deepEqual(await place(), at(3))
  await writeSystem(null)
  assert.deepEqual(await place(), at(3))
  await rm(path)
  assert.deepEqual(await place(), at(3))
  await writeSystem(at(4))
  assert.deepEqual(await place(), at(4))
})
