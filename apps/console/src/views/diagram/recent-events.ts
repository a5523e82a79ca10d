import type { ControlEvent } from '@banyan/control/api'

export type Line = {
  readonly key: string
  readonly at: string
  readonly sentence: string
  /** The drawing before it. */
  readonly look: string
}

const max = 6

/** The last things said, newest first: of a step only how it ended, since how it began says the same. */
export const recentOf = (events: readonly ControlEvent[]): readonly Line[] =>
  events
    .filter((event) => !(event.type === 'step' && event.outcome === 'begun'))
    .slice(-max)
    .map((event, index) => ({
      key: `${event.at}-${event.type}-${index}`,
      at: event.at,
      sentence: event.sentence,
      look: lookOf(event),
    }))
    .toReversed()

function lookOf(event: ControlEvent): string {
  if (event.type === 'node') return event.health
  if (event.type === 'fault') return faultLooks[event.fault]
  if (event.type === 'promotion') return 'primary'
  if (event.type === 'climb') return event.outcome === 'turned' ? 'undo' : 'ladder'
  if (event.type === 'step') return event.outcome === 'done' ? 'check' : 'warn'
  return event.type === 'failed' ? 'warn' : 'info'
}

const faultLooks = {
  killed: 'kill',
  paused: 'paused',
  resumed: 'play',
  partitioned: 'partitioned',
  healed: 'heal',
} as const
