import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { proveApart } from './process/prove-apart.ts'

const guide = new URL('../../../docs/guide/prove.md', import.meta.url)

test('the scenario of the guide runs, and proves a server that keeps its notes', async () => {
  const page = await readFile(guide, 'utf8')
  const text = /```ts\n(.*?)```/s.exec(page)?.[1]
  assert.ok(text, 'the page shows a scenario')
  const folder = await mkdtemp(join(tmpdir(), 'banyan-guide-'))
  const notes = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const key = request.url ?? ''
    let body = ''
    for await (const chunk of request) body += String(chunk)
    if (request.method === 'PUT') notes.set(key, body)
    response.statusCode = notes.has(key) ? 200 : 404
    response.end(notes.get(key))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const path = join(folder, 'proof.ts')
    await writeFile(path, text)
    const { port } = server.address() as AddressInfo
    const report = await proveApart({
      scenario: { kind: 'file', path },
      url: `http://127.0.0.1:${port}`,
      rate: 100,
      seconds: 1,
    })
    assert.equal(report.scenario, 'notes')
    assert.equal(report.ok, 100)
    assert.ok((report.acknowledgedWrites ?? 0) > 0)
    assert.deepEqual([report.lost, report.doubled, report.staleReads], [0, 0, 0])
    assert.equal(report.unverified, 0)
    assert.ok(report.notes.every((note) => report.behind && note.startsWith('The rate was kept')))
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
})
