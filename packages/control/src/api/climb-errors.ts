import { BanyanError } from '@banyan/model'

/** There is one climb at a time: two would plan against each other. */
export function climbRunning(running: {
  readonly climb: string
  readonly direction: string
  readonly to: { readonly rungs: readonly string[]; readonly release: string }
}): BanyanError {
  const { climb, direction } = running
  const { rungs, release } = running.to
  const to = direction === 'release' || direction === 'undo' ? release : rungs.join(', ')
  return new BanyanError(
    'BANYAN_CLIMB_RUNNING',
    `The climb ${climb} goes on already (${direction} to ${to}).`,
    {
      hint: 'Wait for its end: "banyan status" says how far it is.',
      details: { climb, direction, to },
    },
  )
}

/** Refused whole, before anything is done, with every reason at once. */
export function climbRefused(direction: string, reasons: readonly string[]): BanyanError {
  const what = direction === 'shrink' || direction === 'grow' ? direction : 'change'
  const list =
    reasons.length === 1 ? ` ${reasons[0]}` : reasons.map((text) => `\n- ${text}`).join('')
  return new BanyanError('BANYAN_CLIMB_REFUSED', `The system cannot ${what} that way:${list}`, {
    hint: 'Nothing was changed. Mend what is listed, and look at "banyan plan" before the next try.',
    details: { reasons },
  })
}

export function climbUnknown(climb: string): BanyanError {
  return new BanyanError('BANYAN_CLIMB_UNKNOWN', `There is no climb ${JSON.stringify(climb)}.`, {
    hint: 'Control remembers the last 50. "banyan status" names the one that goes on.',
    details: { climb },
  })
}
