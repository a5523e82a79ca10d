import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { statePaths } from '../state/paths.ts'
import { attach, detach, isHeldBy, listAttached } from './attachments.ts'
import { sweepAttached } from './sweep.ts'

const folder = mkdtempSync(join(tmpdir(), 'banyan-attached-'))
const paths = statePaths(join(folder, 'state'))
after(() => rmSync(folder, { recursive: true }))

/** Attaches a process of its own, and kills it. */
async function attachDead(freshDatabase: string | null): Promise<void> {
  const script = `import { attach } from ${JSON.stringify(new URL('./attachments.ts', import.meta.url).href)}
import { statePaths } from ${JSON.stringify(new URL('../state/paths.ts', import.meta.url).href)}
attach(statePaths(${JSON.stringify(paths.directory)}), 'exec', ${JSON.stringify(freshDatabase)})
process.kill(process.pid, 'SIGKILL')`
  await once(spawn(process.execPath, ['--input-type=module', '-e', script]), 'exit')
}

test('a system is held as long as the process lives that is attached to it', async () => {
  assert.equal(isHeldBy(paths, 'dev'), false)
  const attached = attach(paths, 'dev')
  assert.deepEqual([isHeldBy(paths, 'dev'), isHeldBy(paths, 'exec')], [true, false])
  detach(attached)
  assert.equal(isHeldBy(paths, 'dev'), false)
})

test('a process that was killed holds nothing, and is swept away with its database', async () => {
  await attachDead('tiny_fresh_00000000')
  assert.equal(listAttached(paths).length, 1)
  assert.equal(isHeldBy(paths, 'exec'), false)
  const dropped: string[] = []
  const drop = (answer: boolean) => async (name: string) => {
    dropped.push(name)
    return answer
  }
  await sweepAttached(paths, drop(false))
  assert.equal(readdirSync(paths.attached).length, 1, 'what cannot be dropped now is tried again')
  await sweepAttached(paths, drop(true))
  assert.deepEqual(readdirSync(paths.attached), [])
  assert.deepEqual(dropped, ['tiny_fresh_00000000', 'tiny_fresh_00000000'])
})

test('the living are never swept away, and in a copy of the state directory nobody lives', async () => {
  const attached = attach(paths, 'exec')
  await sweepAttached(paths, async () => true)
  assert.equal(existsSync(attached.folder), true)
  const copy = statePaths(join(folder, 'copy'))
  cpSync(paths.directory, copy.directory, { recursive: true })
  assert.equal(isHeldBy(copy, 'exec'), false)
  detach(attached)
})
