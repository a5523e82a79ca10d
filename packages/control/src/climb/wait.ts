import { BanyanError } from '@banyan/model'
import { lastLines } from '../logs/tail.ts'
import { quickExitsOfLoop } from '../supervise/backoff.ts'
import type { Keeper } from '../supervise/keeper.ts'
import type { Keepers } from '../supervise/keepers.ts'
import { sayExit, waitsForChange } from '../supervise/situation.ts'
import { Waker } from '../supervise/waker.ts'

const linesShown = 15

/**
 * Returns when the node is healthy; throws as soon as it is plain that it will not be. How often it had exited
 * before says nothing to somebody who has it started once more.
 */
export async function untilHealthy(
  keepers: Keepers,
  keeper: Keeper,
  signal: AbortSignal,
  logFrom: number,
  exitsBefore = 0,
): Promise<void> {
  const waker = new Waker()
  const wake = () => waker.wake()
  const stop = keepers.onChange(wake)
  signal.addEventListener('abort', wake)
  try {
    for (;;) {
      signal.throwIfAborted()
      if (keeper.situation === 'healthy') return
      const failure = await failureOf(keeper, logFrom, exitsBefore)
      if (failure !== null) throw failure
      await waker.rest(1_000)
    }
  } finally {
    stop()
    signal.removeEventListener('abort', wake)
  }
}

async function failureOf(keeper: Keeper, logFrom: number, exitsBefore: number): Promise<unknown> {
  // A start that did not even begin says why: no such program, no space, a port that is taken.
  if (keeper.startError !== null) return keeper.startError
  if (waitsForChange(keeper.facts)) return await crashedOnce(keeper, logFrom)
  const exits = keeper.facts.quickExits - exitsBefore
  if (exits >= quickExitsOfLoop) return await crashed(keeper, logFrom)
  if (keeper.situation === 'late') return await notReady(keeper, logFrom)
  return null
}

async function crashed({ name, driver, facts }: Keeper, logFrom: number): Promise<BanyanError> {
  const lines = await lastLines(driver.logFile, linesShown, logFrom)
  return new BanyanError(
    'BANYAN_SERVICE_CRASHED',
    `${name} exits at once (${sayExit(facts.lastExit)}), tried ${facts.quickExits} times.${quote(lines)}`,
    {
      hint: `Mend what its last lines say, then start or release it again. The whole log: ${driver.logFile}`,
      details: { node: name, ...facts.lastExit, tries: facts.quickExits, lines },
    },
  )
}

async function crashedOnce({ name, driver, facts }: Keeper, logFrom: number): Promise<BanyanError> {
  const lines = await lastLines(driver.logFile, linesShown, logFrom)
  return new BanyanError(
    'BANYAN_SERVICE_CRASHED',
    `${name} crashed (${sayExit(facts.lastExit)}) before it was ready.${quote(lines)}`,
    {
      hint: 'It is started again as soon as a file changes.',
      details: { node: name, ...facts.lastExit, tries: facts.quickExits, lines },
    },
  )
}

async function notReady({ name, driver, facts }: Keeper, logFrom: number): Promise<BanyanError> {
  const lines = await lastLines(driver.logFile, linesShown, logFrom)
  const { port, tier } = driver.node
  return new BanyanError(
    'BANYAN_SERVICE_NOT_READY',
    `${name} is not ready after ${facts.startTimeoutMs / 1000} s: ${facts.missing ?? 'no reason is known'}.${quote(lines)}`,
    {
      hint:
        tier === 'web'
          ? `Let the service listen on the port in the environment variable PORT (${port}), or give it more time with startTimeoutMs. The whole log: ${driver.logFile}`
          : `The whole log: ${driver.logFile}`,
      details: { node: name, port, missing: facts.missing, lines },
    },
  )
}

function quote(lines: readonly string[]): string {
  return lines.length === 0
    ? ' It printed nothing.'
    : ` Its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
