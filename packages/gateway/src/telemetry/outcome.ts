/**
 * How a request ended for its client: with a status, `aborted` while its answer was on its way, or `left` by the
 * client itself. `probe` is the gateway's own answer to whether it is there.
 */
export type Outcome = number | 'aborted' | 'left' | 'probe'

export const hasFailed = (outcome: Outcome): boolean =>
  outcome === 'aborted' || (typeof outcome === 'number' && outcome >= 500)

/** What a request may well end with. */
export const answerClasses = ['2xx', '3xx', '4xx', '5xx', 'aborted', 'left'] as const

/** `2xx` and so on: one value for each hundred. */
export const answerClass = (outcome: Outcome): string =>
  typeof outcome === 'number' ? `${Math.floor(outcome / 100)}xx` : outcome
