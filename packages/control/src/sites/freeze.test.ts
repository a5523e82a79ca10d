import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freeze, isStopped, thaw } from './freeze.ts'
import { identify } from './identity.ts'
import { localSite } from './local.ts'
import { processesWith } from './proc.ts'

const mark = { name: 'BANYAN_FREEZE_TEST', value: `${process.pid}` }
const find = async () => await processesWith(mark.name, mark.value)
const launch = (script: string) => ({
  command: ['/bin/sh', '-c', script],
  cwd: tmpdir(),
  environment: { PATH: process.env.PATH ?? '' },
  mark,
  logFile: '/dev/null',
})

test('every process of a node stands still, and every one goes on', async () => {
  const { identity } = await localSite.start(launch('sleep 60 & sleep 60 & wait'))
  try {
    while ((await find()).length < 3) await sleep(5)
    await localSite.pause(identity, mark)
    const paused = await find()
    assert.equal(paused.length, 3)
    assert.ok(paused.every(isStopped))
    assert.equal(await localSite.isPaused(identity), true)
    await localSite.resume(identity, mark)
    await untilNot(async () => paused.some(isStopped))
    assert.equal(await localSite.isPaused(identity), false)
  } finally {
    await localSite.kill(identity, mark)
  }
})

test('a node that starts one process after the other is caught all the same', async () => {
  const { identity } = await localSite.start(launch('while true; do sleep 0.001; done'))
  try {
    for (let round = 0; round < 5; round += 1) {
      await freeze(find)
      const before = await find()
      assert.ok(before.length > 0)
      await sleep(30)
      assert.deepEqual(await find(), before, 'nobody starts anything')
      await thaw(find)
      await sleep(20)
    }
  } finally {
    await localSite.kill(identity, mark)
  }
})

test('a node that is paused still stops in order when it is told to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-freeze-'))
  const said = join(folder, 'said')
  const script = `trap 'echo in order > ${said}; exit 0' TERM; while true; do sleep 0.05; done`
  const { identity, exit } = await localSite.start(launch(script))
  try {
    await sleep(100)
    await localSite.pause(identity, mark)
    await localSite.stop(identity, mark, 5_000)
    assert.deepEqual(await exit, { code: 0, signal: null })
    assert.equal(await readFile(said, 'utf8'), 'in order\n')
  } finally {
    await localSite.kill(identity, mark)
    await rm(folder, { recursive: true })
  }
})

test('a process that sleeps or has ended is not paused', async () => {
  const child: ChildProcess = spawn('sleep', ['60'])
  const pid = child.pid ?? assert.fail('it was not started')
  const identity = identify(pid) ?? assert.fail('it does not run')
  assert.equal(isStopped(pid), false)
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  assert.equal(isStopped(pid), false)
  assert.equal(await localSite.isPaused(identity), false)
})

async function untilNot(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (await holds()) {
    assert.ok(performance.now() < deadline, 'it took too long')
    await sleep(5)
  }
}
