import { type BalancerName, nodeOf } from '@banyan/model'
import type { ClimbEnd, ClimbedStep, ClimbReport, ErrorReport } from '../api/types.ts'
import type {
  ClimbBegun,
  ClimbDirection,
  ClimbEnded,
  ClimbTurned,
  JournalEntry,
  StepBegun,
  StepEnded,
} from './entry.ts'

/** The climb that somebody has to finish, or take back. */
export type UnfinishedClimb = {
  readonly climb: string
  readonly direction: ClimbDirection
  readonly from: readonly string[]
  /** Where it was asked to lead. */
  readonly to: readonly string[]
  readonly release: string | null
  readonly fromRelease: string | null
  readonly balancer: BalancerName
  readonly fromBalancer: BalancerName
  /** Whether it goes back to where it came from, and why. */
  readonly turned: boolean
  readonly reason: ErrorReport | null
  /** How many steps were begun so far; the next one is the one after. */
  readonly steps: number
  /** When it began, on the wall clock. */
  readonly begunAt: string
}

type Climb = {
  readonly begun: ClimbBegun
  readonly begunAt: string
  readonly steps: { readonly begun: StepBegun; ended: StepEnded | null }[]
  turned: ClimbTurned | null
  ended: ClimbEnded | null
}

/** What the lines of a journal say together. */
export class History {
  readonly #climbs = new Map<string, Climb>()

  /** Why an entry cannot follow on those before it; null when it can. */
  objectionTo(entry: JournalEntry): string | null {
    const climb = this.#climbs.get(entry.climb)
    if (entry.kind === 'climb') {
      return climb === undefined ? null : `it begins the climb ${entry.climb} a second time`
    }
    if (climb === undefined) return `it speaks of the climb ${entry.climb}, which has not begun`
    if (climb.ended !== null) return `it speaks of the climb ${entry.climb}, which has ended`
    return objectionWithin(climb, entry)
  }

  /** Takes in an entry that nothing objects to. */
  take(entry: JournalEntry, at: string): void {
    if (entry.kind === 'climb') {
      const climb: Climb = { begun: entry, begunAt: at, steps: [], turned: null, ended: null }
      this.#climbs.set(entry.climb, climb)
      return
    }
    const climb = this.#climbs.get(entry.climb)
    if (climb !== undefined) add(climb, entry)
  }

  /** The names of the climbs, oldest first. */
  get climbs(): readonly string[] {
    return [...this.#climbs.keys()]
  }

  /** The last climb, if it has not ended. One before it was given up when that one began. */
  unfinished(): UnfinishedClimb | null {
    const last = [...this.#climbs.values()].at(-1)
    if (last === undefined || last.ended !== null) return null
    const { climb, direction, from, to, release, fromRelease = release } = last.begun
    const { balancer = 'gateway', fromBalancer = balancer } = last.begun
    const { turned, begunAt } = last
    return {
      climb,
      direction,
      from,
      to,
      release,
      fromRelease,
      balancer,
      fromBalancer,
      turned: turned !== null,
      reason: turned?.reason ?? null,
      steps: last.steps.length,
      begunAt,
    }
  }

  /** How a climb ended that somebody asked for; null while it goes on, or where it is not known. */
  reportOf(name: string): ClimbReport | null {
    const climb = this.#climbs.get(name)
    if (climb === undefined || climb.ended === null) return null
    const { direction } = climb.begun
    if (direction === 'up') return null
    const { from, to } = endsOf(climb.begun)
    const { outcome, totalMs, requests, longestWritePauseMs, reason } = climb.ended
    const steps = climb.steps.map(sayStep)
    const ending = { outcome, steps, totalMs, requests, longestWritePauseMs, reason }
    return { climb: name, direction, from, to, ...ending }
  }
}

/** A release comes from one and leads to another; every other climb does so with rungs. */
function endsOf({ direction, from, to, fromRelease, release }: ClimbBegun): {
  readonly from: ClimbEnd
  readonly to: ClimbEnd
} {
  if (direction !== 'release' && direction !== 'undo') return { from, to }
  return { from: fromRelease ?? '', to: release ?? '' }
}

type Later = Exclude<JournalEntry, ClimbBegun>

function objectionWithin({ steps }: Climb, entry: Later): string | null {
  const last = steps.at(-1)
  if (entry.kind === 'step' && entry.n !== steps.length + 1) {
    return `it begins step ${entry.n} after step ${steps.length}`
  }
  if (entry.kind === 'did' && (last?.begun.n !== entry.n || last.ended !== null)) {
    return `it ends step ${entry.n}, which does not go on`
  }
  return null
}

function add(climb: Climb, entry: Later): void {
  const last = climb.steps.at(-1)
  if (entry.kind === 'step') climb.steps.push({ begun: entry, ended: null })
  else if (entry.kind === 'turn') climb.turned = entry
  else if (entry.kind === 'end') climb.ended = entry
  else if (last !== undefined) last.ended = entry
}

function sayStep({ begun, ended }: Climb['steps'][number]): ClimbedStep {
  const { step, sentence } = begun
  const outcome = ended?.outcome ?? 'interrupted'
  return { kind: step.kind, node: nodeOf(step), sentence, ms: ended?.ms ?? null, outcome }
}
