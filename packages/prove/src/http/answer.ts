import type { Answer } from '../scenario.ts'
import { AnswerRefused } from './failures.ts'

type Headers = Answer['headers']

const outcomeUnknown = 'BANYAN_OUTCOME_UNKNOWN'

/** One answer, which is read as JSON only when somebody asks. */
export class ReceivedAnswer implements Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly ok: boolean
  readonly #request: string

  constructor(request: string, status: number, headers: Headers, text: string, ok: boolean) {
    this.#request = request
    this.status = status
    this.headers = headers
    this.text = text
    this.ok = ok
  }

  get outcome(): 'ok' | 'fail' | 'info' {
    return outcomeOf(this.status, this.text)
  }

  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text) as T
    } catch {
      throw new AnswerRefused(`${this.#request} answered ${this.#begin()}, not JSON.`, 'ok')
    }
  }

  expect(): Answer {
    if (this.ok) return this
    throw new AnswerRefused(
      `${this.#request} answered ${this.status}: ${this.#begin()}`,
      this.outcome === 'ok' ? 'fail' : this.outcome,
    )
  }

  #begin(): string {
    return JSON.stringify(this.text.slice(0, 200))
  }
}

/**
 * What an answer says of a write. Of the answers that report a fault only two kinds promise that nothing
 * was done: a 4xx, and one that says so in `outcome`, as `/-/prove` does. A 408 may stand for a handler
 * that took too long and goes on. A bare 500 or 503 leaves it open, because an app may have done a part
 * of its work before.
 */
export function outcomeOf(status: number, text: string): 'ok' | 'fail' | 'info' {
  if (status < 400) return 'ok'
  if (text.includes(outcomeUnknown)) return 'info'
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
