import type { Answer } from '../scenario.ts'
import { AnswerRefused } from './failures.ts'

type Headers = Answer['headers']
type Asked = { readonly method: string; readonly path: string }

/** To a DELETE that accepts them, these say that nothing is there any more, whoever took it away. */
const gone = new Set([404, 410])

/** What may have been sent to the system twice, because HTTP lets whoever is in between do so. */
const mayBeTriedAgain = new Set(['PUT', 'DELETE'])

/**
 * Refusals that follow from the request alone, so that its first try would have met them too. A 404, 409 or
 * 412 depends on what is there, and that may be the work of the first try.
 */
const judgedByRequest = new Set([400, 401, 403, 405, 406, 411, 413, 414, 415, 417, 426, 428, 431])

const outcomeUnknown = 'BANYAN_OUTCOME_UNKNOWN'

/** One answer, which is read as JSON only when somebody asks. */
export class ReceivedAnswer implements Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly ok: boolean
  readonly #method: string
  readonly #path: string

  constructor(
    { method, path }: Asked,
    { status, headers, text }: Pick<Answer, 'status' | 'headers' | 'text'>,
    ok: boolean,
  ) {
    this.#method = method
    this.#path = path
    this.status = status
    this.headers = headers
    this.text = text
    this.ok = ok
  }

  get outcome(): Answer['outcome'] {
    const isGone = this.ok && this.#method === 'DELETE' && gone.has(this.status)
    return isGone ? 'gone' : outcomeOf(this.#method, this.status, this.text)
  }

  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text) as T
    } catch {
      throw new AnswerRefused(`${this.#request()} answered ${this.#begin()}, not JSON.`, 'ok')
    }
  }

  expect(): Answer {
    if (this.ok) return this
    const outcome = outcomeOf(this.#method, this.status, this.text)
    throw new AnswerRefused(
      `${this.#request()} answered ${this.status}: ${this.#begin()}`,
      outcome === 'ok' ? 'fail' : outcome,
    )
  }

  #request(): string {
    return `${this.#method} ${this.#path}`
  }

  #begin(): string {
    return JSON.stringify(this.text.slice(0, 200))
  }
}

/**
 * What an answer says of a write. Of the answers that report a fault only two kinds promise that nothing
 * was done: a 4xx, and one that says so in `outcome`, as `/-/prove` does. A 408 may stand for a handler
 * that took too long and goes on. A bare 500 or 503 leaves it open, because an app may have done a part
 * of its work before. And an answer to PUT or DELETE speaks of the last try only: an earlier one may have
 * been done without anybody hearing of it.
 */
export function outcomeOf(method: string, status: number, text: string): 'ok' | 'fail' | 'info' {
  if (status < 400) return 'ok'
  if (text.includes(outcomeUnknown)) return 'info'
  if (mayBeTriedAgain.has(method)) return judgedByRequest.has(status) ? 'fail' : 'info'
  const said = status >= 500 || text.includes('"outcome"') ? saidOutcome(text) : null
  if (said !== null) return said
  return status < 500 && status !== 408 ? 'fail' : 'info'
}

/** Whether an answer that is no success leaves open what happened, as far as it says so itself. */
export const saysUnknown = (status: number, text: string): boolean =>
  status >= 400 && (text.includes(outcomeUnknown) || saidOutcome(text) === 'info')

function saidOutcome(text: string): 'fail' | 'info' | null {
  if (!text.includes('"outcome"')) return null
  try {
    const { outcome } = JSON.parse(text) as { outcome?: unknown }
    if (outcome === 'failed') return 'fail'
    return outcome === 'unknown' ? 'info' : null
  } catch {
    return null
  }
}
