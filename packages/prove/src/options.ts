import { BanyanError } from '@banyan/model'
import type { Progress } from './report.ts'
import type { Scenario } from './scenario.ts'

export type ProofOptions<World = unknown> = {
  readonly scenario: Scenario<World>
  /** Where the system answers: `http://127.0.0.1:8080`. */
  readonly url: string
  /** Actions in a second: above 0, at most 100,000. Default 50. */
  readonly rate?: number
  /** How long the load runs. Default 10. */
  readonly seconds?: number
  /** Repeats the choice of actions and every turn's random numbers. Default: any. */
  readonly seed?: number
  /** Connections that are kept open. Default: one for six actions in a second, from 10 to 200. */
  readonly connections?: number
  /** How long an answer is waited for. Default 10,000. */
  readonly timeoutMs?: number
  /** Ends the load early; what was done until then is verified and reported. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /** Hears which action is about to run, and `null` when the engine does. */
  readonly onEnter?: (what: string) => void
}

export type CheckedOptions = {
  readonly scenario: Scenario
  readonly url: URL
  readonly rate: number
  readonly seconds: number
  readonly seed: number
  readonly connections: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onEnter: (what: string) => void
}

export const rateMax = 100_000
export const secondsMax = 7 * 24 * 3600
export const seedMax = 2 ** 32 - 1

/** Fills in what was left out, and refuses what cannot be, before anything is sent. */
export function checkOptions<World>(options: ProofOptions<World>): CheckedOptions {
  const { rate = 50, seconds = 10, timeoutMs = 10_000 } = options
  const { seed = Math.floor(Math.random() * 2 ** 31) } = options
  const { connections = Math.min(200, Math.max(10, Math.ceil(rate / 6))) } = options
  within('rate', rate, 0.001, rateMax, 'actions in a second')
  within('seconds', seconds, 0.1, secondsMax, 'seconds')
  within('timeoutMs', timeoutMs, 100, 600_000, 'milliseconds')
  whole('seed', seed, 0, seedMax)
  whole('connections', connections, 1, 10_000)
  return {
    scenario: options.scenario as unknown as Scenario,
    url: checkUrl(options.url),
    rate,
    seconds,
    seed,
    connections,
    timeoutMs,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
    onEnter: options.onEnter ?? (() => {}),
  }
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && !url.username) return url
  throw new BanyanError(
    'BANYAN_PROOF_OPTION_INVALID',
    'The url of the proof is not one of http:// or https://, without a user name.',
    { hint: 'Give it as in http://127.0.0.1:8080', details: { option: 'url' } },
  )
}

function within(option: string, value: number, min: number, max: number, unit: string): void {
  if (Number.isFinite(value) && value >= min && value <= max) return
  throw unfit(option, value, `a number of ${unit} from ${min} to ${max.toLocaleString('en')}`)
}

function whole(option: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return
  throw unfit(option, value, `a whole number from ${min} to ${max.toLocaleString('en')}`)
}

const unfit = (option: string, value: unknown, expected: string): BanyanError =>
  new BanyanError(
    'BANYAN_PROOF_OPTION_INVALID',
    `The ${option} of the proof is ${String(value)}, and should be ${expected}.`,
    { hint: `Give ${option} as ${expected}.`, details: { option } },
  )
