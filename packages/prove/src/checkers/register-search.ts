import type { RegisterOperation, Value } from '../history/operation.ts'
import { completionOf } from './times.ts'

/** So many steps decide every history in practice; a doubt that outlasts them accuses nobody. */
const stepsMax = 50_000

/** What must have happened, and what may have. */
type Problem = {
  readonly certain: readonly RegisterOperation[]
  readonly possible: readonly RegisterOperation[]
  /** Where the certain reads of each value are. */
  readonly readsOf: ReadonlyMap<Value | null, readonly number[]>
}

/** A point of the search: the certain operations done before `low` and beyond it, and the possible ones. */
type State = {
  readonly low: number
  readonly beyond: readonly number[]
  readonly used: readonly number[]
  readonly value: Value | null
}

/**
 * Whether some order of the operations explains a register's history; `null` when the search was given up.
 *
 * Wing and Gong's search with Lowe's memory of the points where it has been: it takes any operation
 * that no other undone one precedes. It serves registers whose values were written more than once,
 * for which no fast exact method is known.
 */
export function mayBeRight(history: readonly RegisterOperation[]): boolean | null {
  const shown = new Set(history.flatMap(({ f, value }) => (f === 'read' ? [value] : [])))
  const certain = history.filter(({ outcome }) => outcome === 'ok')
  const reads = [...certain.keys()].filter((at) => certain[at]?.f === 'read')
  const problem: Problem = {
    certain,
    readsOf: Map.groupBy(reads, (at) => certain[at]?.value ?? null),
    possible: history.filter(({ outcome, value }) => outcome === 'info' && shown.has(value)),
  }
  const seen = new Set<string>()
  const stack: State[] = [{ low: 0, beyond: [], used: [], value: null }]
  for (let steps = 0; steps < stepsMax; steps += 1) {
    const state = stack.pop()
    if (!state) return false
    if (state.low === problem.certain.length) return true
    for (const next of nextStates(problem, state)) {
      const name = JSON.stringify([next.low, next.beyond, next.used, next.value])
      if (!seen.has(name)) stack.push(next)
      seen.add(name)
    }
  }
  return null
}

/** A read that shows what is there changes nothing, so that it is best taken at once. */
function nextStates(problem: Problem, state: State): readonly State[] {
  const { certain, possible } = problem
  const { candidates, endMs } = candidatesOf(certain, state)
  const reads = candidates.filter((at) => certain[at]?.f === 'read')
  const shown = reads.find((at) => certain[at]?.value === state.value)
  if (shown !== undefined) return [afterCertain(certain, state, shown)]
  // Whatever comes now replaces the value: what nobody will read may as well be written in between.
  const unread = candidates.find(
    (at) => certain[at]?.f === 'write' && !isReadLater(problem, state, certain[at].value),
  )
  if (unread !== undefined) return [afterCertain(certain, state, unread)]
  const wanted = new Set(reads.map((at) => certain[at]?.value))
  return [
    ...usefulOf(possible, state, wanted, endMs).map((at) => afterPossible(possible, state, at)),
    ...candidates
      .filter((at) => certain[at]?.f === 'write')
      .map((at) => afterCertain(certain, state, at))
      .reverse(),
  ]
}

const isReadLater = ({ readsOf }: Problem, { low, beyond }: State, value: Value | null): boolean =>
  (readsOf.get(value)?.findLast((at) => at < low || !beyond.includes(at)) ?? -1) >= low

/**
 * An open write that no read shows before the next write might as well never have happened: one is taken
 * only right before such a read. Of those that wrote the same value any will do, as none of them is ever over.
 */
function usefulOf(
  possible: readonly RegisterOperation[],
  { used }: State,
  wanted: ReadonlySet<Value | null | undefined>,
  endMs: number,
): readonly number[] {
  const first = new Map<Value | null, number>()
  for (const [at, { invokedMs, value }] of possible.entries()) {
    if (invokedMs > endMs) break
    if (wanted.has(value as Value | null) && !first.has(value) && !used.includes(at))
      first.set(value, at)
  }
  return [...first.values()]
}

/** The operations that are not done and that began before any such one was over. */
function candidatesOf(certain: readonly RegisterOperation[], { low, beyond }: State) {
  const undone: number[] = []
  let endMs = Number.POSITIVE_INFINITY
  for (const [offset, operation] of certain.slice(low, low + beyond.length + 1).entries()) {
    if (!beyond.includes(low + offset)) endMs = Math.min(endMs, completionOf(operation))
  }
  for (let at = low; (certain[at]?.invokedMs ?? Number.POSITIVE_INFINITY) <= endMs; at += 1) {
    if (beyond.includes(at)) continue
    undone.push(at)
    endMs = Math.min(endMs, completionOf(certain[at] as RegisterOperation))
  }
  return { candidates: undone.filter((at) => (certain[at]?.invokedMs ?? 0) <= endMs), endMs }
}

function afterCertain(certain: readonly RegisterOperation[], state: State, at: number): State {
  const beyond = [...state.beyond, at].sort((a, b) => a - b)
  let low = state.low
  while (beyond[0] === low) {
    beyond.shift()
    low += 1
  }
  return { ...state, low, beyond, value: valueAfter(certain[at], state) }
}

const afterPossible = (
  possible: readonly RegisterOperation[],
  state: State,
  at: number,
): State => ({
  ...state,
  used: [...state.used, at].sort((a, b) => a - b),
  value: valueAfter(possible[at], state),
})

const valueAfter = (operation: RegisterOperation | undefined, { value }: State): Value | null =>
  operation?.f === 'write' ? operation.value : value
