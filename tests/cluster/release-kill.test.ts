import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClimbReport } from '@banyan/control/api'
import { randomFrom } from '../../apps/conduit/src/seed/random.ts'
import { proveDuring } from './support/climbs.ts'
import {
  assertFlawless,
  type ReleaseSystem,
  settled,
  startReleaseSystem,
} from './support/releases.ts'

/*
 * SIGKILL of control at every line that a release writes into its journal, under load. The next control
 * brings it to a good end: the new release is live or the old one, on every node, and no client notices.
 */

/** Which lines: all of them in a soak, else a few that the seed chooses. */
const seed = Number(process.env.BANYAN_SEED ?? randomInt(2 ** 31))
const linesMax = Number(process.env.BANYAN_RELEASE_KILL_LINES ?? '1')

/** How long after a line its kill comes: at once, and in the middle of what the line announced. */
const delaysMs = (process.env.BANYAN_KILL_DELAYS ?? '0').split(',').map(Number)

const places = (process.env.BANYAN_RELEASE_KILL_RUNGS ?? 'balanced').split(',')

for (const rungs of places) {
  describe(`a control that is killed in a release on ${rungs}`, { timeout: 3_600_000 }, () => {
    let released: ReleaseSystem

    before(async () => {
      released = await startReleaseSystem({ rungs })
    })
    after(async () => await released?.remove())

    for (const delayMs of delaysMs) {
      it(`leaves it to the next one at every line of the journal, ${delayMs} ms after it`, async (context) => {
        context.diagnostic(`seed ${seed}`)
        const proof = await proveDuring(released.system, ['--rate', '100'], async () => {
          for (const line of linesOf(rungs)) {
            await settled(released)
            if (!(await releaseAndKill(context, released, line, delayMs))) break
          }
        })
        context.diagnostic(`sent ${proof.sent}, longest gap ${proof.longestGapMs} ms`)
        assertFlawless(proof)
      })
    }
  })
}

/** More lines than any release has, in order; or a few of those that each has. */
function linesOf(rungs: string): readonly number[] {
  if (linesMax === 0) return Array.from({ length: 100 }, (_, index) => index + 1)
  const random = randomFrom(seed, 'release')
  const fewestLines = rungs === 'single' ? 18 : 30
  const chosen = Array.from({ length: linesMax }, () => 1 + random.below(fewestLines))
  return [...new Set(chosen)].sort((a, b) => a - b)
}

let made = 0

/**
 * Begins a release, kills control after its line `wanted`, and waits for the end that the next control
 * brings. False when the release has fewer lines.
 */
async function releaseAndKill(
  context: TestContext,
  released: ReleaseSystem,
  wanted: number,
  delayMs: number,
): Promise<boolean> {
  const { app, system } = released
  made += 1
  const name = `number ${made}`
  const { release: before } = await system.status()
  const releaseBefore = await answering(system.url)
  await app.become({ release: name })
  const pid = await system.pidOf('control')
  const linesBefore = (await system.journal()).length
  let killed: string | null = null
  let looking = Promise.resolve()
  const look = async () => {
    if (killed !== null) return
    const line = (await system.journal())[linesBefore + wanted - 1]
    // After its last line a climb is over.
    if (line === undefined || line.kind === 'end') return
    killed = `${line.kind} ${JSON.stringify((line.step as { kind?: string })?.kind ?? '')}`
    await sleep(delayMs)
    process.kill(pid, 'SIGKILL')
  }
  const watcher = watch(join(system.state, 'journal.jsonl'), () => {
    looking = looking.then(look).catch(() => {})
  })
  const report = await system.json<ClimbReport>('release')
  watcher.close()
  await looking
  const text = `after line ${wanted}, ${killed}: ${JSON.stringify(report, null, 1)}`
  assert.ok(report.outcome === 'done' || report.outcome === 'undone', text)
  const { release: live } = await settled(released)
  const isNew = report.outcome === 'done'
  assert.equal(live, isNew ? report.to : before, text)
  // Not only by its own word: whoever answers runs the code of what is live.
  for (let asked = 0; asked < 8; asked += 1) {
    assert.equal(await answering(system.url), isNew ? name : releaseBefore, text)
  }
  if (killed !== null) {
    context.diagnostic(`line ${wanted}, ${killed}: ${report.outcome} in ${report.totalMs} ms`)
    assert.notEqual(await system.pidOf('control'), pid, 'control was not killed')
  }
  return killed !== null
}

async function answering(url: string): Promise<string> {
  // Far longer than anybody waits, and far shorter than a test may hang.
  const signal = AbortSignal.timeout(20_000)
  const response = await fetch(url, { headers: { connection: 'close' }, signal })
  return ((await response.json()) as { release: string }).release
}
