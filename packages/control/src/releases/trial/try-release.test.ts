import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError, countAnswer, emptyCounts } from '@banyan/model'
import type { Keeper } from '../../supervise/keeper.ts'
import type { AnswerSource } from './answer-source.ts'
import { Comparison } from './comparison.ts'
import { watch } from './try-release.ts'

function keeperOf(name: string) {
  const facts = { running: true, lastExit: null }
  const driver = { node: { name, entry: false }, logFile: `/nowhere/${name}.log`, release: 'r2' }
  return { name, driver, facts, presence: { identity: { pid: 1 } }, situation: 'running' }
}

const comparisonOf = (next: ReturnType<typeof keeperOf>, old: string) =>
  new Comparison(next as unknown as Keeper, [keeperOf(old) as unknown as Keeper])

test('a service that has passed is undone all the same when it crashes beside one that is watched', async () => {
  const idle = keeperOf('idle-2')
  const counts = emptyCounts()
  const source: AnswerSource = {
    // The one is asked for nothing, the other for too little to be judged by soon.
    look: async () => {
      countAnswer(counts, 1, false)
      const look = { answers: { ...counts, latency: counts.latency.slice() }, inFlight: 0 }
      const idleLook = { answers: emptyCounts(), inFlight: 0 }
      const at = (one: typeof look) => new Map([['gateway-1', one]])
      const idleOnes = ['idle-1', 'idle-2', 'busy-1'].map((name) => [name, at(idleLook)] as const)
      return new Map([...idleOnes, ['busy-2', at(look)]])
    },
    letGo: async () => {},
    close: async () => {},
  }
  const said: string[] = []
  const say = (sentence: string): void => {
    said.push(sentence)
    idle.facts.running = false
  }
  const comparisons = [comparisonOf(idle, 'idle-1'), comparisonOf(keeperOf('busy-2'), 'busy-1')]
  const watching = watch(comparisons, source, AbortSignal.timeout(15_000), say)
  await assert.rejects(watching, (error) => {
    assert.ok(BanyanError.is(error), String(error))
    assert.equal(error.code, 'BANYAN_RELEASE_WORSE')
    assert.match(error.message, /^idle-2 crashed/)
    return true
  })
  assert.match(said.join(), /^idle-2 /)
})
