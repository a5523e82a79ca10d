import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Lane } from './lane.ts'

const full = (waiting: number) => new Error(`full: ${waiting}`)

/** Work that ends when it is told to. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let begun = false
  const work = () => {
    begun = true
    return promise
  }
  return { work, resolve, reject, begun: () => begun }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

it('no more runs at once than the lane is wide, and the rest in order of arrival', async () => {
  const lane = new Lane({ width: 2, waitingMax: 10 })
  const jobs = [held(), held(), held(), held()]
  const runs = jobs.map((job) => lane.run(job.work, full))
  await settle()
  assert.deepEqual(
    jobs.map((job) => job.begun()),
    [true, true, false, false],
  )
  jobs[1]?.resolve('second')
  await settle()
  assert.deepEqual(
    jobs.map((job) => job.begun()),
    [true, true, true, false],
  )
  for (const job of jobs) job.resolve('rest')
  assert.deepEqual(await Promise.all(runs), ['rest', 'second', 'rest', 'rest'])
})

it('who comes when too many wait is sent away at once', async () => {
  const lane = new Lane({ width: 1, waitingMax: 2 })
  const job = held()
  const runs = [job, job, job].map(({ work }) => lane.run(work, full))
  await assert.rejects(lane.run(job.work, full), /full: 2/)
  job.resolve('done')
  await Promise.all(runs)
  assert.equal(await lane.run(async () => 'later', full), 'later')
})

it('work that fails gives its place to the next', async () => {
  const lane = new Lane({ width: 1, waitingMax: 2 })
  const job = held()
  const failing = lane.run(job.work, full)
  const next = lane.run(async () => 'next', full)
  job.reject(new Error('broken'))
  await assert.rejects(failing, /broken/)
  assert.equal(await next, 'next')
})
