import type { ClimbEnd, ClimbReport } from '@banyan/control/api'
import { sayHold, sayList } from '@banyan/model'

/** `7/7 steps in 4.2 s, 0 of 1,260 requests failed, longest write pause 31 ms`. */
export function saySummary(report: ClimbReport): string {
  const { steps, totalMs, requests, longestWritePauseMs } = report
  const done = steps.filter(({ outcome }) => outcome === 'done').length
  // What was interrupted was looked at by the next control, and done again where that was needed.
  const counted = steps.filter(({ outcome }) => outcome !== 'interrupted').length
  const parts = [`${done}/${counted} ${counted === 1 ? 'step' : 'steps'} in ${saySpan(totalMs)}`]
  parts.push(sayRequests(requests))
  if (longestWritePauseMs !== null)
    parts.push(`longest write pause ${saySpan(longestWritePauseMs)}`)
  return parts.join(', ')
}

function sayRequests({ sent, failed }: ClimbReport['requests']): string {
  if (sent === 0) return 'no requests'
  return `${count(failed)} of ${count(sent)} ${sent === 1 ? 'request' : 'requests'} failed`
}

/** What holds now, and why it is not what was asked for. */
export function sayOutcome(report: ClimbReport): readonly string[] {
  const { to, outcome, steps, reason } = report
  if (outcome === 'done' && steps.length === 0) return [`There is nothing to do: ${held(to)}.`]
  if (outcome === 'done') return []
  const why =
    reason === null ? [] : [reason.message, ...(reason.hint === null ? [] : [reason.hint])]
  if (outcome === 'undone') return [sayUndone(report), ...why]
  if (isLive(report)) {
    return [
      `${to} is live; what it takes away waits, and is tried again at the next start.`,
      ...why,
    ]
  }
  return [
    'Failed: neither the goal nor the way back was reached; what runs goes on running.',
    ...why,
    `Once that is mended, lead it on with: ${again(report)}`,
  ]
}

/** Its last step alone may fail once it is recorded, and that is no reason to go back. */
const isLive = ({ steps }: ClimbReport): boolean =>
  steps.some(({ kind, outcome }) => kind === 'record-release' && outcome === 'done')

/** What is live after a release, said before the summary; null for a climb of rungs. */
export function sayLive({ to, outcome, direction }: ClimbReport): string | null {
  if (typeof to !== 'string' || outcome !== 'done') return null
  return `${to} is live${direction === 'undo' ? ' again' : ''}`
}

function sayUndone({ direction, from, to }: ClimbReport): string {
  if (direction === 'release') return `${to} was undone: ${held(from)}.`
  if (direction === 'undo') return `${to} does not come back: ${held(from)}, as before.`
  return `Undone: ${held(from)}, as before the climb.`
}

/** With its rungs: without them a command would mean those next to what is recorded in the middle. */
function again({ direction, from, to }: ClimbReport): string {
  if (typeof from === 'string' || typeof to === 'string') {
    // The code may be the same that has just been tried, once what stood against it is mended.
    return direction === 'release' ? 'banyan release --again' : 'banyan undo'
  }
  const [all, others] = direction === 'grow' ? [to, from] : [from, to]
  const named = all.filter((rung) => !others.includes(rung))
  return `banyan ${direction} ${(named.length > 0 ? named : all).join(' ')}`
}

const held = (end: ClimbEnd) =>
  typeof end === 'string' ? `${end} is live` : `${sayList(end)} ${sayHold(end)}`

const count = (amount: number) => amount.toLocaleString('en-US')

/** `31 ms`, `4.2 s`. */
export function saySpan(milliseconds: number): string {
  return milliseconds < 1_000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1_000).toFixed(1)} s`
}
