import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError, type Node, type StepOf } from '@banyan/model'
import type { Context } from '../../climb/context.ts'
import { shareAlike } from '../../entry/gateways.ts'
import { sizeOf } from '../../logs/follow.ts'
import { lastLines } from '../../logs/tail.ts'
import type { Keeper } from '../../supervise/keeper.ts'
import { type AnswerSource, openAnswerSource } from './answer-source.ts'
import { Comparison } from './comparison.ts'
import type { Decision } from './decide.ts'
import { elapsedBy } from './watched.ts'

const lookEveryMs = 250
const linesShown = 15

/**
 * The part of its connections that a side lets go at first. Whom the kernel gives a new one is not in our
 * hands, and clients open few when they have others, so that it is twice the part each time.
 */
const letGoFirst = 0.2
/** Outside of these parts of the requests one side has too little to be compared with the other. */
const shareMin = 0.08
const shareMax = 0.8
const letGoEveryMs = 1_500

/**
 * Watches the nodes of a new release beside those of the one before: returns once they answer no worse,
 * or once there was time enough and too few requests, and gives them their full share.
 *
 * Rejects with `BANYAN_RELEASE_WORSE`, the figures of both and the last lines of the log.
 */
export async function tryRelease(
  context: Context,
  step: StepOf<'try-release'>,
  signal: AbortSignal,
): Promise<void> {
  const comparisons = comparisonsOf(context, step)
  const source = openAnswerSource(context)
  try {
    await watch(comparisons, source, signal, (sentence) =>
      context.events.add({ type: 'progress', sentence }),
    )
  } finally {
    await source.close()
  }
  await shareAlike(context)
  await context.releases.markTried(step.release)
}

/** A node beside which nothing older runs has nothing to be compared with. */
function comparisonsOf({ keepers }: Context, step: StepOf<'try-release'>): Comparison[] {
  return step.nodes.flatMap((name) => {
    const keeper = keepers.get(name)
    if (keeper === null) throw new Error(`there is no node ${name}`)
    const olds = keepers.all.filter(
      ({ driver, facts }) =>
        driver.node.service === keeper.driver.node.service &&
        driver.release !== step.release &&
        facts.running,
    )
    return olds.length === 0 ? [] : [new Comparison(keeper, olds)]
  })
}

/** Returns when every node has passed, and rejects as soon as one is plainly worse. */
export async function watch(
  comparisons: readonly Comparison[],
  source: AnswerSource,
  signal: AbortSignal,
  say: (sentence: string) => void,
): Promise<void> {
  const sizes = comparisons.map(
    async (one) => [one, await sizeOf(one.keeper.driver.logFile)] as const,
  )
  const logFrom = new Map(await Promise.all(sizes))
  const going = new Set(comparisons)
  let letGoAtMs = 0
  let letGoShare = letGoFirst
  let elapsedMs = 0
  let lookedMs = performance.now()
  while (going.size > 0) {
    signal.throwIfAborted()
    elapsedMs = elapsedBy(elapsedMs, performance.now() - lookedMs)
    lookedMs = performance.now()
    await lookAt([...going], source, elapsedMs)
    if (elapsedMs >= letGoAtMs) {
      const greedy = [...going].flatMap((one) => whoHasTooMuch(one, letGoAtMs))
      if (greedy.length > 0) {
        await source.letGo(greedy, letGoShare)
        letGoShare = Math.min(1, 2 * letGoShare)
      }
      letGoAtMs = elapsedMs + letGoEveryMs
    }
    // One that has passed can crash all the same while another is still watched.
    const fallen = comparisons.find(({ trouble }) => trouble !== null)
    if (fallen?.trouble) throw await worse(fallen.keeper, fallen.trouble, logFrom.get(fallen) ?? 0)
    for (const comparison of going) {
      const decision = comparison.decide(elapsedMs)
      if (decision.end === 'worse') {
        throw await worse(comparison.keeper, decision, logFrom.get(comparison) ?? 0)
      }
      if (decision.end === 'not-yet') continue
      going.delete(comparison)
      say(`${comparison.node.name} ${decision.sentence}.`)
    }
    await sleep(lookEveryMs, null, { signal }).catch(() => {})
  }
}

async function lookAt(
  comparisons: readonly Comparison[],
  source: AnswerSource,
  atMs: number,
): Promise<void> {
  const found = await source.look(comparisons.flatMap(({ node, olds }) => [node, ...olds]))
  for (const comparison of comparisons) {
    const { node, olds } = comparison
    // Each by itself: one place counts for several nodes.
    const old = olds.flatMap(({ name }) =>
      [...(found.get(name) ?? [])].map(([place, look]) => [`${name} ${place}`, look] as const),
    )
    comparison.note(atMs, found.get(node.name) ?? new Map(), new Map(old))
  }
}

/**
 * Clients keep the connections that they have, so that a new process at the same socket would get few; and
 * nearly all, once it accepts the faster and the others have let go of theirs.
 */
function whoHasTooMuch(comparison: Comparison, sinceMs: number): readonly Node[] {
  const { node, olds } = comparison
  const share = comparison.shareSince(sinceMs) ?? 0
  if (share < shareMin) return olds
  return share > shareMax ? [node] : []
}

async function worse(
  { name, driver }: Keeper,
  { sentence }: Decision,
  logFrom: number,
): Promise<BanyanError> {
  const lines = await lastLines(driver.logFile, linesShown, logFrom)
  return new BanyanError('BANYAN_RELEASE_WORSE', `${name} ${sentence}.${quote(lines)}`, {
    hint: `Mend it and release again; what the release did is in ${driver.logFile}.`,
    details: { node: name, release: driver.release ?? null, sentence, lines },
  })
}

const quote = (lines: readonly string[]): string =>
  lines.length === 0
    ? ' It printed nothing meanwhile.'
    : ` Its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`
