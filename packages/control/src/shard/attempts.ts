import { BanyanError, type ErrorCode } from '@banyan/model'

/** Starts of a replica that came to nothing, in a row, while there was a primary to follow. */
export type Vain = { readonly count: number; readonly forMs: number; readonly why: string }

const startsMin = 3
/** What is over sooner was no fault of the copy: a machine that is busy, a file that is being replaced. */
const forMsMin = 3_000

/** Whether a server whose starts came to nothing will never come up with the copy that it has. */
export const isHopeless = (vain: Vain | null): vain is Vain =>
  vain !== null && vain.count >= startsMin && vain.forMs >= forMsMin

/** What keeps a server from starting in these cases would keep a new copy from it as well. */
const notOfTheCopy: ReadonlySet<ErrorCode> = new Set([
  'BANYAN_PORT_TAKEN',
  'BANYAN_DISK_FULL',
  'BANYAN_POSTGRES_NOT_FOUND',
  'BANYAN_POSTGRES_UNSUPPORTED',
])

const firstPauseMs = 500
const longestPauseMs = 60_000

/** What was tried with a replica since it last followed. */
export class Attempts {
  #starts = 0
  #sinceMs = 0
  #why: string | null = null
  #copies = 0
  #copyAtMs = Number.NEGATIVE_INFINITY

  /** It is started, and has a primary to follow. */
  begin(nowMs: number): void {
    if (this.#starts === 0) this.#sinceMs = nowMs
    this.#starts += 1
  }

  failed(error: unknown): void {
    this.#why = reasonOf(error)
    if (BanyanError.is(error) && notOfTheCopy.has(error.code)) this.#starts = 0
  }

  /** Its copy was made anew, or could not be: each is a load on the primary, so that the next one waits longer. */
  copied(nowMs: number): void {
    this.#copyAtMs = nowMs + Math.min(longestPauseMs, firstPauseMs * 2 ** this.#copies)
    this.#copies += 1
    this.#starts = 0
    this.#why = null
  }

  followed(): void {
    this.#starts = 0
    this.#why = null
    this.#copies = 0
    this.#copyAtMs = Number.NEGATIVE_INFINITY
  }

  vain(nowMs: number): Vain | null {
    if (this.#starts === 0) return null
    const why = this.#why ?? 'it ended each time before it followed'
    return { count: this.#starts, forMs: nowMs - this.#sinceMs, why }
  }

  copyPauseMs(nowMs: number): number {
    return Math.max(0, this.#copyAtMs - nowMs)
  }
}

/** What a server said last, where its words are in the error. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const said = /(?:FATAL|PANIC): +(.+)/.exec(text)?.[1] ?? text.split('\n')[0] ?? ''
  return said.replace(/\.$/, '')
}
