import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { runProof } from '../run-proof.ts'
import { PlantedServer } from '../testing/planted-server.ts'
import { builtInScenario } from './built-in.ts'

const token = 'the right token'

async function withServer<T>(server: Server, use: (url: string) => Promise<T>): Promise<T> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const prove = (url: string, shown = token) =>
  runProof({ scenario: builtInScenario(shown), url, rate: 100, seconds: 1, seed: 3 })

test('a run deletes every key that it made', async () => {
  const server = await new PlantedServer({ token, seed: 1 }).start()
  try {
    const report = await prove(server.url)
    assert.ok(Number(report.acknowledgedWrites) > 20)
    assert.ok(report.notes.every((note) => report.behind && note.startsWith('The rate was')))
    const { registers, elements, lists, accounts } = server.store
    assert.deepEqual([registers.size, elements.size, lists.size, accounts.size], [0, 0, 0, 0])
  } finally {
    await server.close()
  }
})

test('every action of it runs, and remembers', async () => {
  const server = await new PlantedServer({ token, seed: 1 }).start()
  try {
    const { actions, failed, operations } = await prove(server.url)
    assert.deepEqual(failed, { total: 0, byCause: {} })
    assert.ok(actions.every(({ started }) => started > 0))
    assert.ok(operations >= 100)
  } finally {
    await server.close()
  }
})

test('where /-/prove is not offered, or not to this token, it says how to have it', async () => {
  const plain = createServer((_request, response) => response.writeHead(404).end())
  const expected = { code: 'BANYAN_PROVE_NOT_OFFERED', hint: /banyan up --prove/ }
  await withServer(plain, (url) => assert.rejects(prove(url), expected))
  const server = await new PlantedServer({ token, seed: 1 }).start()
  try {
    await assert.rejects(prove(server.url, 'a wrong token'), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, expected.code)
      assert.doesNotMatch(error.message, /token/)
      return true
    })
  } finally {
    await server.close()
  }
})

test('another version of the protocol is named, and nothing is sent to it', async () => {
  const asked: string[] = []
  const newer = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end('{"protocol":2}')
  })
  await withServer(newer, (url) =>
    assert.rejects(prove(url), {
      code: 'BANYAN_PROVE_NOT_OFFERED',
      message: /speaks version 2 .* this prover speaks 1/,
    }),
  )
  assert.deepEqual(asked, ['GET /-/prove'])
})
