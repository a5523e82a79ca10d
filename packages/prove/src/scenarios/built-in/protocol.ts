import type { ProofRequest } from '@banyan/model'
import { AnswerRefused } from '../../http/failures.ts'
import type { Answer, Turn } from '../../scenario.ts'

/** Requests that only look: a lost answer to one of them leaves nothing open. */
const readKinds = new Set(['read', 'elements', 'balances'])

/** `/-/prove`, as the actions of the built-in scenario ask it. */
export class ProveProtocol {
  readonly headers: Readonly<Record<string, string>>

  constructor(token: string) {
    this.headers = { authorization: `Bearer ${token}` }
  }

  /** Throws what is no success, so that memory knows what became of it. */
  async ask(turn: Turn, json: ProofRequest): Promise<Answer> {
    const kind = readKinds.has(json.kind) ? 'read' : 'write'
    const options = { headers: this.headers, json, kind, accept: [409] } as const
    const answer = await turn.request('POST', '/-/prove', options)
    // One of two transactions that met had to give way: what a correct database does is no failure.
    if (answer.status === 409) throw new AnswerRefused('The transaction gave way.', 'fail')
    return answer.expect()
  }
}

/** Every so many actions other sets and lists are used, so that none grows with the length of a run. */
const windowSize = 1_500

/** A key of this run, in one of the two latest windows. */
export function rotatingKey(turn: Turn, letter: string, count: number): string {
  const window = Math.floor(turn.index / windowSize)
  const earlier = turn.random() < 0.1 ? 1 : 0
  return keyOf(turn, `${letter}${Math.max(0, window - earlier)}.${at(turn, count)}`)
}

export const keyOf = (turn: Turn, name: string): string => `${turn.run}:${name}`

/** A whole number from 0 to below `count`. */
export const at = (turn: Turn, count: number): number => Math.floor(turn.random() * count)
