import { setTimeout as delay } from 'node:timers/promises'
import { isCounted } from '../http/failures.ts'
import type { Fact } from '../memory/journal.ts'
import type { Scenario } from '../scenario.ts'
import { sayThrown } from './thrown.ts'
import { type Run, RunTurn } from './turn.ts'

export type Verification = {
  /** Facts that could not be read. */
  unverified: number
  readonly notes: string[]
}

/** So many facts are read at a time. */
const readersMax = 16

/** A system may be coming back from the last kill: so long each fact is asked for again. */
const patienceMs = 30_000
const pauseMs = 250

/** Reads every fact again, now that nothing is written any more, then lets the scenario do so itself. */
export async function verify(scenario: Scenario, world: unknown, run: Run): Promise<Verification> {
  const found: Verification = { unverified: 0, notes: [] }
  await readFacts(run, found)
  if (scenario.verify) {
    const act = async () => scenario.verify?.(new RunTurn(run, -1, null, true), world)
    const problem = await patiently(act, run.now() + patienceMs, run)
    if (problem !== null) {
      found.unverified++
      found.notes.push(`The verify of scenario "${scenario.name}" failed: ${problem}`)
    }
  }
  const forgotten = [...run.journal.facts.values()].filter(isNeverReadAgain)
  const [first] = forgotten
  if (first) {
    found.notes.push(
      `${forgotten.length} facts, such as "${first.key}", were not read after the load: give them a read, or read them in verify.`,
    )
  }
  return found
}

async function readFacts(run: Run, found: Verification): Promise<void> {
  const facts = [...run.journal.facts.values()].filter(({ readAgain }) => readAgain !== null)
  let next = 0
  let lost = false
  let turns = -2
  const reader = async () => {
    while (next < facts.length) {
      const fact = facts[next++] as Fact
      const turn = new RunTurn(run, turns--, null, true)
      // Once the system stayed away for all the time that we have, it is not waited for again.
      const deadlineMs = lost ? 0 : run.now() + patienceMs
      const problem = await patiently(async () => fact.readAgain?.(turn), deadlineMs, run)
      if (problem === null) continue
      lost = true
      found.unverified++
      if (found.notes.length < 5) found.notes.push(`"${fact.key}" could not be read: ${problem}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(readersMax, facts.length) }, reader))
}

/** Tries again while the system does not answer; says what went wrong, or null when it worked. */
async function patiently(
  act: () => Promise<unknown>,
  deadlineMs: number,
  run: Run,
): Promise<string | null> {
  for (;;) {
    try {
      await endsWithin(act(), patienceMs)
      return null
    } catch (error) {
      if (!isCounted(error) || run.now() >= deadlineMs) return sayThrown(error)
      await delay(pauseMs)
    }
  }
}

/** Waits for a promise of the scenario's, which may never be settled. */
export async function endsWithin<T>(work: T | Promise<T>, limitMs: number): Promise<T> {
  const over = new AbortController()
  const late = delay(limitMs, null, { signal: over.signal }).then(() => {
    throw new Error(`it did not end within ${limitMs / 1000} s`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
  }
}

const isNeverReadAgain = ({ operations, readAgain }: Fact): boolean =>
  readAgain === null && operations.length > 0 && !operations.some(({ final }) => final === true)
