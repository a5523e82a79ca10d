import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClimbReport } from '@banyan/control/api'
import { randomFrom } from '../../apps/conduit/src/seed/random.ts'
import { eventually } from './support/banyan.ts'
import { type ClimbSystem, proveDuring, startClimbSystem } from './support/climbs.ts'

/*
 * SIGKILL of control at every line that a climb writes into its journal, under load. Whatever is under
 * way then, the next control finds the journal and what runs, and brings the climb to a good end; the
 * clients notice nothing.
 */

/** Which lines: all of them in a soak, else a few that the seed chooses. */
const seed = Number(process.env.BANYAN_SEED ?? randomInt(2 ** 31))
const linesMax = Number(process.env.BANYAN_KILL_LINES ?? '2')

/** How long after a line its kill comes: at once, and in the middle of what the line announced. */
const delaysMs = (process.env.BANYAN_KILL_DELAYS ?? '0').split(',').map(Number)

describe('a control that is killed in a climb', { timeout: 900_000 }, () => {
  let system: ClimbSystem

  before(async () => {
    system = await startClimbSystem({ rungs: 'single' })
  })
  after(async () => await system?.remove())

  for (const direction of ['grow', 'shrink'] as const) {
    for (const delayMs of delaysMs) {
      it(`leaves ${direction} balanced to the next one at every line of the journal, ${delayMs} ms after it`, async (context) => {
        await reach(system, direction === 'grow' ? 'single' : 'balanced')
        const proof = await proveDuring(system, ['--rate', '50', '--strict'], async () => {
          for (const line of linesOf(direction)) {
            const killed = await climbAndKill(context, system, direction, line, delayMs)
            await reach(system, direction === 'grow' ? 'single' : 'balanced')
            if (!killed) break
          }
        })
        context.diagnostic(`seed ${seed}`)
        const { lost, doubled, staleReads, failed, longestGapMs } = proof
        context.diagnostic(`sent ${proof.sent}, longest gap ${longestGapMs} ms`)
        assert.deepEqual(
          { lost, doubled, staleReads, failed: failed.total },
          {
            lost: 0,
            doubled: 0,
            staleReads: 0,
            failed: 0,
          },
          JSON.stringify(proof, null, 1),
        )
      })
    }
  }
})

const goal = { grow: 'balanced', shrink: 'single' } as const

/** More lines than any climb has, in order; or a few of those that each has. */
function linesOf(direction: string): readonly number[] {
  if (linesMax === 0) return Array.from({ length: 100 }, (_, index) => index + 1)
  const random = randomFrom(seed, direction)
  const chosen = Array.from({ length: linesMax }, () => 1 + random.below(fewestLines))
  return [...new Set(chosen)].sort((a, b) => a - b)
}

const fewestLines = 19

/** Brings the system to a rung without any fault. */
async function reach(system: ClimbSystem, rung: 'single' | 'balanced'): Promise<void> {
  const { rungs } = await settled(system)
  if (rungs.at(-1) === rung) return
  const report = await system.climb(rung === 'balanced' ? 'grow' : 'shrink', 'balanced')
  assert.equal(report.outcome, 'done', JSON.stringify(report))
}

/** The system once no climb goes on and control is there. */
async function settled(system: ClimbSystem) {
  return await eventually(async () => {
    const status = await system.status()
    const isUp = status.nodes.every(({ health }) => health === 'healthy')
    return status.climb === null && status.release !== null && isUp ? status : null
  }, 60_000)
}

/**
 * Begins a climb, kills control after its line `wanted`, and waits for the end that the next control
 * brings. False when the climb has fewer lines.
 */
async function climbAndKill(
  context: TestContext,
  system: ClimbSystem,
  direction: 'grow' | 'shrink',
  wanted: number,
  delayMs: number,
): Promise<boolean> {
  const pid = await system.pidOf('control')
  const linesBefore = (await system.journal()).length
  let killed: string | null = null
  let looking = Promise.resolve()
  const look = async () => {
    if (killed !== null) return
    const lines = await system.journal()
    const line = lines[linesBefore + wanted - 1]
    // After its last line a climb is over.
    if (line === undefined || line.kind === 'end') return
    killed = `${line.kind} ${JSON.stringify((line.step as { kind?: string })?.kind ?? '')}`
    await sleep(delayMs)
    process.kill(pid, 'SIGKILL')
  }
  const watcher = watch(join(system.state, 'journal.jsonl'), () => {
    looking = looking.then(look).catch(() => {})
  })
  const report = await system.json<ClimbReport>(direction, 'balanced')
  watcher.close()
  await looking
  assert.notEqual(report.outcome, 'failed', JSON.stringify(report, null, 1))
  const { rungs } = await settled(system)
  const held =
    report.outcome === 'done' ? goal[direction] : goal[direction === 'grow' ? 'shrink' : 'grow']
  assert.equal(rungs.at(-1), held, `after ${killed}: ${JSON.stringify(report)}`)
  if (killed !== null) {
    context.diagnostic(`line ${wanted}, ${killed}: ${report.outcome} in ${report.totalMs} ms`)
    assert.notEqual(await system.pidOf('control'), pid, 'control was not killed')
  }
  return killed !== null
}
