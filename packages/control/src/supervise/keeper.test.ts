import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exit } from '../sites/site.ts'
import type { NodeDriver, Presence } from './driver.ts'
import { Keeper } from './keeper.ts'

/** A node whose life the test decides: a driver with the faults that it is told to have. */
function makeNode(options: { waitsAfterCrash?: boolean } = {}) {
  let end: (exit: Exit) => void = () => {}
  const log: string[] = []
  const node = {
    alive: false,
    ready: true,
    paused: false,
    startFails: null as Error | null,
    log,
    die: (exit: Exit) => {
      node.alive = false
      end(exit)
    },
  }
  const presenceOf = (): Presence => ({
    identity: { pid: 1, startTime: '1' },
    startedAt: new Date().toISOString(),
    exit: new Promise((resolve) => {
      end = resolve
    }),
  })
  const driver: NodeDriver = {
    node: {
      name: 'web-1',
      tier: 'web',
      engine: 'process',
      host: 'local-1',
      port: 1,
      size: { cpus: 1, memoryMb: 1 },
    },
    logFile: '/dev/null',
    startTimeoutMs: 200,
    ...options,
    find: async () => (node.alive ? presenceOf() : null),
    start: async () => {
      log.push('start')
      if (node.startFails !== null) throw node.startFails
      node.alive = true
      return presenceOf()
    },
    isRunning: async () => node.alive,
    probe: async () => (node.ready ? { ready: true } : { ready: false, missing: 'a reason' }),
    stop: async () => {
      log.push('stop')
      node.alive = false
    },
    kill: async () => node.die({ code: null, signal: 'SIGKILL' }),
    pause: async () => {
      node.paused = true
    },
    resume: async () => {
      node.paused = false
    },
    isPaused: async () => node.paused,
  }
  const seen: string[] = []
  let wake: (() => void) | null = null
  const keeper = new Keeper({
    driver,
    now: () => performance.now(),
    mayStart: () => true,
    onChange: ({ situation }) => {
      seen.push(situation)
      wake?.()
    },
  })
  const until = async (situation: string) => {
    while (keeper.situation !== situation) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { node, keeper, seen, until }
}

test('a wanted node is started, and stopped when it is no longer wanted', async () => {
  const { node, keeper, until } = makeNode()
  await keeper.want()
  await until('healthy')
  await keeper.unwant()
  assert.equal(keeper.situation, 'stopped')
  assert.deepEqual(node.log, ['start', 'stop'])
})

test('what runs already is adopted, not started', async () => {
  const { node, keeper, until } = makeNode()
  node.alive = true
  await keeper.want()
  await until('healthy')
  assert.equal(keeper.startedByUs, false)
  await keeper.unwant()
  assert.deepEqual(node.log, ['stop'])
})

test('a released node is left running', async () => {
  const { node, keeper, until } = makeNode()
  await keeper.want()
  await until('healthy')
  await keeper.release()
  assert.deepEqual([node.alive, node.log], [true, ['start']])
})

test('a node that dies is started again at once, and its way of dying is remembered', async () => {
  const { node, keeper, seen, until } = makeNode()
  await keeper.want()
  await until('healthy')
  node.die({ code: null, signal: 'SIGKILL' })
  await until('due')
  await until('healthy')
  assert.deepEqual(seen.slice(-4), ['healthy', 'due', 'rising', 'healthy'])
  assert.deepEqual(keeper.facts.lastExit, { code: null, signal: 'SIGKILL' })
  await keeper.unwant()
})

test('a start that fails is tried again with the reason known', async () => {
  const { node, keeper, until } = makeNode()
  node.startFails = new Error('no space')
  await keeper.want()
  await until('waiting')
  assert.equal(keeper.facts.startFailure, 'no space')
  node.startFails = null
  await until('healthy')
  assert.equal(keeper.startError, null)
  await keeper.unwant()
})

test('a node that never becomes ready is late, and healthy when it does after all', async () => {
  const { node, keeper, until } = makeNode()
  node.ready = false
  await keeper.want()
  await until('late')
  assert.match(keeper.sentence, /not ready after 0\.2 s: a reason/)
  node.ready = true
  await until('healthy')
  await keeper.unwant()
})

test('a node that is unwanted while it waits for its next try is not started again', async () => {
  const { node, keeper, until } = makeNode()
  node.startFails = new Error('no')
  await keeper.want()
  await until('waiting')
  await keeper.unwant()
  assert.equal(keeper.situation, 'stopped')
  assert.deepEqual(node.log, ['start', 'stop'])
})

test('one that waits for a change is not started again after a crash, but after a kill it is', async () => {
  const { node, keeper, until } = makeNode({ waitsAfterCrash: true })
  node.ready = false
  await keeper.want()
  await until('rising')
  node.die({ code: null, signal: 'SIGKILL' })
  await until('due')
  await until('rising')
  node.die({ code: 1, signal: null })
  await until('waiting')
  assert.equal(keeper.health, 'failed')
  assert.equal(keeper.sentence, 'web-1 crashed (code 1) and waits for the next change.')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.deepEqual(node.log, ['start', 'start'])
  await keeper.unwant()
})

test('a paused node has failed on purpose at once, is left as it is, and is healthy as soon as it goes on', async () => {
  const { node, keeper, until } = makeNode()
  await keeper.want()
  await until('healthy')
  await keeper.driver.pause()
  node.ready = false
  await keeper.seePause()
  assert.deepEqual([keeper.situation, keeper.health], ['paused', 'failed'])
  assert.match(keeper.sentence, /web-1 runs.* it is paused on purpose, and "banyan resume web-1"/)
  await keeper.driver.resume()
  node.ready = true
  await keeper.seePause()
  await until('healthy')
  assert.deepEqual(node.log, ['start'])
  await keeper.unwant()
})

test('a paused node that another control left is known to be paused, and never late', async () => {
  const { node, keeper, until, seen } = makeNode()
  node.alive = true
  node.paused = true
  await keeper.want()
  await until('paused')
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.deepEqual([keeper.situation, keeper.health], ['paused', 'failed'])
  node.paused = false
  await until('healthy')
  assert.ok(!seen.includes('late'))
  await keeper.unwant()
  assert.deepEqual(node.log, ['stop'])
})

test('a node that is paused before it was ever ready is late once its time is over, and says why', async () => {
  const { node, keeper, until } = makeNode()
  node.ready = false
  await keeper.want()
  await until('rising')
  node.paused = true
  await keeper.seePause()
  await until('late')
  assert.match(keeper.sentence, /not ready after 0\.2 s: it is paused on purpose/)
  await keeper.unwant()
})
