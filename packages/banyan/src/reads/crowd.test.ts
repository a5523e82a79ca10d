import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Crowd } from './crowd.ts'

/** Callers who each read one thing after the other, each read taking as long. */
function inTurn(crowd: Crowd, callers: number, tookMs: number, forMs: number): void {
  for (let caller = 0; caller < callers; caller += 1) crowd.come(0)
  for (let nowMs = 0; nowMs < forMs; nowMs += tookMs / callers) {
    crowd.go()
    crowd.come(nowMs)
  }
}

test('callers who read one thing after the other are always as many', () => {
  for (const callers of [1, 2, 8, 64]) {
    const crowd = new Crowd()
    inTurn(crowd, callers, 0.5, 200)
    assert.equal(crowd.isSteady, true, `${callers} callers`)
    assert.equal(crowd.size, callers)
  }
})

test('those who read slowly are not counted as such: what they cost is nothing', () => {
  const crowd = new Crowd()
  inTurn(crowd, 8, 40, 1_000)
  assert.equal(crowd.isSteady, false)
})

test('reads from outside add up while they wait, and are gone together', () => {
  const crowd = new Crowd()
  for (let nowMs = 0; nowMs < 300; nowMs += 1) {
    crowd.come(nowMs)
    if (nowMs % 5 === 4) while (crowd.size > 0) crowd.go()
    assert.equal(crowd.isSteady, false)
  }
})

test('what was long ago says nothing of now', () => {
  const crowd = new Crowd()
  inTurn(crowd, 8, 1, 300)
  crowd.come(60_000)
  assert.equal(crowd.isSteady, false)
})
