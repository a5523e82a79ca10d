import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Report, runProof } from './index.ts'
import { defineScenario, type Turn } from './scenario.ts'
import { baseSeed, seededRandom } from './testing/random.ts'

/*
 * A correct server behind a balancer that tries DELETE again, several visitors who delete the same things,
 * and answers that are lost: whatever is told then, nobody may be accused, and a fault must still be found.
 */

type Fault = 'none' | 'forgets' | 'revives'

/** Words in memory. Every DELETE may be tried twice with a pause, and answers to POST may be lost. */
function twiceTrying(seed: number, fault: Fault): Server {
  const random = seededRandom(seed)
  const words = new Set<string>()
  let [added, removed] = [0, 0]
  const act = (method: string | undefined, word: string): number => {
    if (method === 'POST') {
      added += 1
      if (fault !== 'forgets' || added % 20 !== 0) words.add(word)
      return 201
    }
    if (!words.delete(word)) return 404
    removed += 1
    if (fault === 'revives' && removed % 20 === 0) setTimeout(() => words.add(word), 20)
    return 204
  }
  const answer = async ({ method, url }: IncomingMessage, response: ServerResponse) => {
    const word = (url ?? '').slice(1)
    await delay(random() * 6)
    if (method === 'GET') return response.end(JSON.stringify([...words]))
    const status = act(method, word)
    await delay(random() * 6)
    if (method === 'POST' && random() < 0.1) return response.destroy()
    const again = method === 'DELETE' && random() < 0.5
    return response.writeHead(again ? act(method, word) : status).end()
  }
  return createServer((request, response) => void answer(request, response))
}

const wordsIn = async (turn: Turn): Promise<string[]> =>
  (await turn.request('GET', '/')).expect().json<string[]>()

const words = (turn: Turn) => turn.set<string>('words', { read: wordsIn })

type World = { readonly known: string[] }

const scenario = defineScenario<World>({
  name: 'words',
  setUp: () => ({ known: [] }),
  actions: [
    {
      name: 'add',
      kind: 'write',
      weight: 2,
      run: async (turn, { known }) => {
        const word = turn.unique('word')
        // Some are deleted while they are on their way, or after their answer was lost.
        known.push(word)
        await words(turn).add(word, () => turn.request('POST', `/${word}`))
      },
    },
    { name: 'read', kind: 'read', weight: 2, run: (turn) => words(turn).read(() => wordsIn(turn)) },
    {
      name: 'remove',
      kind: 'write',
      weight: 2,
      run: async (turn, { known }) => {
        if (known.length === 0) return
        const word = turn.pick(known)
        await words(turn).read(() => wordsIn(turn))
        // Others may have chosen the same one, and go on choosing it for a while.
        await words(turn).remove(word, () => turn.request('DELETE', `/${word}`, { accept: [404] }))
        const place = known.indexOf(word)
        if (place >= 0) known.splice(place, 1)
      },
    },
  ],
})

async function proveWith(fault: Fault, seed: number): Promise<Report> {
  const server = twiceTrying(seed, fault)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    return await runProof({ scenario, url, rate: 200, seconds: 2, seed })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

for (const round of [0, 1, 2]) {
  const seed = baseSeed() + round
  test(`deletions that are tried twice accuse nobody (seed ${seed})`, async () => {
    const report = await proveWith('none', seed)
    const { lost, doubled, staleReads, phantom, otherAnomalies, failed } = report
    // A word that came between the look and its deletion may be unverified, which accuses nobody.
    assert.deepEqual(
      [lost, doubled, staleReads, phantom, otherAnomalies, failed.total],
      [0, 0, 0, 0, 0, 0],
      JSON.stringify([report.anomalies, report.notes], null, 1),
    )
    assert.ok(report.unknownOutcome > 0)
    assert.match(report.notes.join(), /removals found nothing there/)
  })
}

test('and words that are forgotten are found among them', async () => {
  const { anomalyCounts } = await proveWith('forgets', baseSeed())
  assert.ok((anomalyCounts.stale ?? 0) + (anomalyCounts.lost ?? 0) > 0)
})

test('and so are words that come back after their deletion', async () => {
  const { anomalyCounts } = await proveWith('revives', baseSeed())
  assert.ok((anomalyCounts.stale ?? 0) + (anomalyCounts.reappeared ?? 0) > 0)
})
