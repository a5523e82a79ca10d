import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FoundSession, stayingBehind } from './staying.ts'

const own = (port: number): FoundSession => ({ port, watches: false, own: true })
const watcher = (port: number): FoundSession => ({ port, watches: true, own: false })
const named = (port: number): FoundSession => ({ port, watches: false, own: false })

test('a service of which a process keeps sessions and watches nobody stays behind', () => {
  const sessions = [watcher(1), own(2), own(3), own(4), own(5)]
  const processes = [
    { service: 'web', ports: [1, 2] },
    { service: 'jobs', ports: [3] },
    { service: 'jobs', ports: [4, 5] },
  ]
  assert.deepEqual([...stayingBehind(sessions, processes)], [['jobs', 3]])
})

test('a service with one process that follows and one that does not is named for the latter', () => {
  const processes = [
    { service: 'web', ports: [1, 2] },
    { service: 'web', ports: [3] },
  ]
  assert.deepEqual([...stayingBehind([watcher(1), own(2), own(3)], processes)], [['web', 1]])
})

test('sessions of nobody here, and those that Banyan opened under a name, keep nobody behind', () => {
  const processes = [{ service: 'web', ports: [1, 7] }]
  assert.equal(stayingBehind([named(1), own(9)], processes).size, 0)
  assert.equal(stayingBehind([], processes).size, 0)
})
