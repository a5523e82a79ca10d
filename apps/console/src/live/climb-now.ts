import type { ControlEvent, Status } from '@banyan/control/api'

/** The climb that goes on, put together from what was said of it. */

export type StepNow = {
  readonly key: string
  readonly sentence: string
  readonly state: 'going' | 'done' | 'failed'
  readonly begunAt: number
  readonly ms: number | null
}

export type ClimbNow = {
  readonly id: string
  /** Null where it began before anything that this page knows. */
  readonly begunAt: number | null
  readonly sentence: string | null
  readonly isTurned: boolean
  readonly step: number
  readonly of: number
  /** Oldest first; those of the way back come after those of the way there. */
  readonly steps: readonly StepNow[]
}

/** What is known of the climb that goes on; null while there is none. */
export function climbNow(climb: Status['climb'], events: readonly ControlEvent[]): ClimbNow | null {
  if (climb === null) return null
  const own = eventsOf(climb.id, events)
  const first = own.find((event) => event.type === 'climb')
  return {
    id: climb.id,
    begunAt: first === undefined ? null : Date.parse(first.at),
    sentence: first?.sentence ?? null,
    isTurned: own.some((event) => event.type === 'climb' && event.outcome === 'turned'),
    step: climb.step,
    of: climb.steps,
    steps: stepsOf(own),
  }
}

/** What was said from the begin of a climb on; of one whose begin is not known, everything after the last that ended. */
function eventsOf(id: string, events: readonly ControlEvent[]): readonly ControlEvent[] {
  const begin = events.findIndex(
    (event) => event.type === 'climb' && event.climb === id && event.outcome === 'begun',
  )
  if (begin >= 0) return events.slice(begin)
  const other = events.findLastIndex((event) => event.type === 'climb' && event.climb !== id)
  return events.slice(other + 1)
}

/** The rows of the steps that have begun, each in the state that was said last. */
function stepsOf(events: readonly ControlEvent[]): readonly StepNow[] {
  const rows: StepNow[] = []
  for (const event of events) {
    if (event.type !== 'step') continue
    if (event.outcome === 'begun') {
      rows.push({
        key: `${event.at}-${rows.length}`,
        sentence: event.sentence,
        state: 'going',
        begunAt: Date.parse(event.at),
        ms: null,
      })
      continue
    }
    const at = rows.findLastIndex(
      ({ sentence, state }) => sentence === event.sentence && state === 'going',
    )
    const row = rows[at]
    if (row !== undefined) rows[at] = { ...row, state: event.outcome, ms: event.ms }
  }
  return rows
}
