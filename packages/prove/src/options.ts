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
  /**
   * The share of visitors that open a connection for each request, from 0 to 1. Default 0.1, but at most 200
   * such visitors in a second.
   */
  readonly oneRequest?: number
  /** Visitors that keep a WebSocket open, besides the others. Default 0. */
  readonly webSockets?: number
  /** Where they open it. Default: what the scenario says as `webSocket`. */
  readonly webSocketPath?: string
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
  readonly oneRequest: number
  /** Null: there are none. */
  readonly webSockets: { readonly clients: number; readonly path: string } | null
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onEnter: (what: string) => void
}

const rateMax = 100_000
const webSocketsMax = 5_000

/** A share of the visitors comes for one request only. */
const oneRequestDefault = 0.1
const oneRequestRateDefault = 200

/** A closed connection keeps its port for a minute: more in a second, and the ports of a machine run out. */
const oneRequestRateMax = 400

export const secondsMax = 7 * 24 * 3600
const seedMax = 2 ** 32 - 1

/** Fills in what was left out, and refuses what cannot be, before anything is sent. */
export function checkOptions<World>(options: ProofOptions<World>): CheckedOptions {
  const { rate = 50, seconds = 10, timeoutMs = 10_000, webSockets = 0 } = options
  const { seed = Math.floor(Math.random() * 2 ** 31) } = options
  const { connections = Math.min(200, Math.max(10, Math.ceil(rate / 6))) } = options
  within('rate', rate, 0.001, rateMax, 'actions in a second')
  within('seconds', seconds, 0.1, secondsMax, 'seconds')
  within('timeoutMs', timeoutMs, 100, 600_000, 'milliseconds')
  whole('seed', seed, 0, seedMax)
  whole('connections', connections, 1, 10_000)
  whole('webSockets', webSockets, 0, webSocketsMax)
  return {
    scenario: options.scenario as unknown as Scenario,
    url: checkUrl(options.url),
    rate,
    seconds,
    seed,
    connections,
    timeoutMs,
    oneRequest: checkOneRequest(options.oneRequest, rate),
    webSockets: webSockets === 0 ? null : { clients: webSockets, path: webSocketPath(options) },
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
    onEnter: options.onEnter ?? (() => {}),
  }
}

function checkOneRequest(share: number | undefined, rate: number): number {
  if (share === undefined) return Math.min(oneRequestDefault, oneRequestRateDefault / rate)
  within('oneRequest', share, 0, 1, 'share')
  if (share * rate <= oneRequestRateMax) return share
  throw new BanyanError(
    'BANYAN_PROOF_OPTION_INVALID',
    `The oneRequest of the proof is ${share}: at a rate of ${rate} that is ${Math.round(share * rate)} new connections in a second, and ${oneRequestRateMax} are possible.`,
    {
      hint: `Give at most ${Math.floor((oneRequestRateMax / rate) * 1000) / 1000} at this rate: each closed connection keeps one of this machine's ports for a minute.`,
      details: { option: 'oneRequest' },
    },
  )
}

function webSocketPath<World>({ webSocketPath, scenario }: ProofOptions<World>): string {
  const path = webSocketPath ?? scenario.webSocket
  if (path?.startsWith('/')) return path
  const found = path === undefined ? 'not given' : JSON.stringify(path)
  throw new BanyanError(
    'BANYAN_PROOF_OPTION_INVALID',
    `The webSocketPath of the proof is ${found}, and should be a path as in /live.`,
    {
      hint: "Name it with --websocket-path /live, or in the scenario: webSocket: '/live'.",
      details: { option: 'webSocketPath' },
    },
  )
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
