import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createMemo, shareNext } from './memo.ts'

it('those who ask at once share one count, and the next second counts again', async () => {
  let clockMs = 0
  let loads = 0
  const memo = createMemo(
    async () => ++loads,
    1_000,
    () => clockMs,
  )
  assert.deepEqual(await Promise.all([memo.get(), memo.get(), memo.get()]), [1, 1, 1])
  clockMs = 1_000
  assert.equal(await memo.get(), 1)
  clockMs = 1_001
  assert.equal(await memo.get(), 2)
})

it('what was kept can be adjusted, and a failure is not kept', async () => {
  let fails = true
  const memo = createMemo(
    async () => {
      if (fails) throw new Error('no database')
      return 10
    },
    1_000,
    () => 0,
  )
  memo.adjust((value) => value + 1)
  await assert.rejects(memo.get(), /no database/)
  fails = false
  assert.equal(await memo.get(), 10)
  memo.adjust((value) => value + 1)
  assert.equal(await memo.get(), 11)
})

it('a shared look begins after everybody who shares it has asked', async () => {
  const looks: PromiseWithResolvers<number>[] = []
  const look = shareNext(() => {
    looks.push(Promise.withResolvers<number>())
    return (looks.at(-1) as PromiseWithResolvers<number>).promise
  })
  const first = look()
  const [second, third] = [look(), look()]
  assert.equal(looks.length, 1)
  looks[0]?.resolve(1)
  assert.equal(await first, 1)
  assert.equal(looks.length, 2)
  const fourth = look()
  looks[1]?.resolve(2)
  assert.deepEqual([await second, await third], [2, 2])
  looks[2]?.resolve(3)
  assert.equal(await fourth, 3)
})

it('a look that fails does not stop the next', async () => {
  let count = 0
  const look = shareNext(async () => {
    if (++count === 1) throw new Error('broken')
    return count
  })
  const [first, second] = [look(), look()]
  await assert.rejects(first, /broken/)
  assert.equal(await second, 2)
})
