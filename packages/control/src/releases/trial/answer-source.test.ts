import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { test } from 'node:test'
import { countAnswer, emptyCounts, type Node } from '@banyan/model'
import type { Context } from '../../climb/context.ts'
import { openAnswerSource } from './answer-source.ts'
import type { Looks } from './tape.ts'

/** What is known of a process that is the entry itself and answers like this; null: it answers nothing. */
async function lookAt(answer: RequestListener): Promise<Looks | undefined> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const host = { name: 'local-1', address: '127.0.0.1' }
  const node = { name: 'web-1', host: host.name, port, entry: true } as unknown as Node
  const context = { topology: { hosts: [host], nodes: [node] }, secrets: { controlToken: 'a' } }
  const source = openAnswerSource(context as unknown as Context)
  try {
    return (await source.look([node])).get('web-1')
  } finally {
    await source.close()
    server.close()
    server.closeAllConnections()
  }
}

test('a process that counts is heard', async () => {
  const answers = emptyCounts()
  countAnswer(answers, 12, true)
  const looks = await lookAt((_, response) =>
    response.end(JSON.stringify({ requests: {}, inFlight: 2, webSockets: 0, answers })),
  )
  const look = looks?.get('web-1')
  assert.deepEqual([look?.inFlight, look?.answers.sent, look?.answers.failed], [2, 1, 1])
})

test('an app that counts nothing is heard too, and nobody waits for what it never tells', async () => {
  const page: RequestListener = (_, response) => response.end('<h1>a page for every path</h1>')
  const missing: RequestListener = (_, response) => response.writeHead(404).end('{"error":"no"}')
  for (const answer of [page, missing]) {
    const look = (await lookAt(answer))?.get('web-1')
    assert.deepEqual([look?.inFlight, look?.answers.sent], [0, 0])
  }
})

test('a process that gives no answer is not one that nobody asks', async () => {
  const looks = await lookAt((request) => request.socket.destroy())
  assert.equal(looks?.size, 0)
})
