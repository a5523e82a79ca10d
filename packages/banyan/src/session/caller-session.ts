import { laterMark, type Mark } from '../reads/position.ts'
import { type Marks, mergeMarks, readToken, writeToken } from './token.ts'

/**
 * What the client of one request has written: what it said in its tokens, and what this request writes.
 * Tokens are read only when somebody asks.
 */
export class CallerSession {
  readonly #tokens: readonly string[]
  readonly #secret: string
  readonly #changed: () => void
  #marks: Map<string, Mark> | null = null
  #isReadable = true

  /** `changed` is called after the first write of the request. */
  constructor(tokens: readonly string[], secret: string, changed: () => void) {
    this.#tokens = tokens
    this.#secret = secret
    this.#changed = changed
  }

  /** Of everything the client has written on a shard; null: of nothing. */
  markOf(shard: string): Mark | null {
    return this.#known.get(shard) ?? null
  }

  /**
   * Whether every token could be read. One that was signed with another secret may stand for anything, and
   * then only `strong` reads are sure to see it.
   */
  get isReadable(): boolean {
    return this.#known !== null && this.#isReadable
  }

  /** The request wrote something that lies before this mark. */
  wrote(shard: string, mark: Mark): void {
    const known = this.#known.get(shard)
    this.#known.set(shard, known === undefined ? mark : laterMark(known, mark))
    this.#changed()
  }

  /** The token for the answer: all that was received, and all that was written. */
  get token(): string {
    return writeToken(this.#known, this.#secret)
  }

  get #known(): Map<string, Mark> {
    if (this.#marks !== null) return this.#marks
    const read = this.#tokens.map((token) => readToken(token, this.#secret))
    this.#isReadable = !read.includes(null)
    this.#marks = mergeMarks(read.filter((marks): marks is Marks => marks !== null))
    return this.#marks
  }
}
