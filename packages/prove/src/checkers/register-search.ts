import type { RegisterOperation, Value } from '../history/operation.ts'
import { completionOf } from './times.ts'

/** So many steps decide every history in practice; a doubt that outlasts them accuses nobody. */
const stepsMax = 200_000

/** What must have happened, and what may have. */
type Problem = {
  readonly certain: readonly RegisterOperation[]
  readonly possible: readonly RegisterOperation[]
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
  const problem: Problem = {
    certain: history.filter(({ outcome }) => outcome === 'ok'),
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
function nextStates({ certain, possible }: Problem, state: State): readonly State[] {
  const { candidates, endMs } = candidatesOf(certain, state)
  const shown = candidates.find(
    (at) => certain[at]?.f === 'read' && certain[at].value === state.value,
  )
  if (shown !== undefined) return [afterCertain(certain, state, shown)]
  const free = possible.flatMap(({ invokedMs }, at) =>
    invokedMs <= endMs && !state.used.includes(at) ? [at] : [],
  )
  return [
    ...free.map((at) => afterPossible(possible, state, at)),
    ...candidates
      .filter((at) => certain[at]?.f === 'write')
      .map((at) => afterCertain(certain, state, at))
      .reverse(),
  ]
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
