import { parseLsn } from '@banyan/postgres'
import type { Position } from './position.ts'

/** One question was answered: with a position, or with an error of the server (null). */
type Answered = (position: Position | null) => void

const dataRow = 0x44
const readyForQuery = 0x5a
const headerBytes = 5

/**
 * Reads what PostgreSQL answers to the one question that is asked again and again: three columns of text.
 * node-postgres would make a result with field names and parsers of each, which is most of what a sample
 * costs; here it is a row and nothing else (PostgreSQL manual, "Message Formats").
 */
export class AnswerReader {
  readonly #answered: Answered
  #left: Buffer | null = null
  #position: Position | null = null

  constructor(answered: Answered) {
    this.#answered = answered
  }

  /** Takes what arrived, whole messages or parts of them. */
  take(chunk: Buffer): void {
    const bytes = this.#left === null ? chunk : Buffer.concat([this.#left, chunk])
    let at = 0
    while (at + headerBytes <= bytes.length) {
      const end = at + 1 + bytes.readInt32BE(at + 1)
      if (end > bytes.length) break
      this.#message(bytes[at] as number, bytes, at + headerBytes)
      at = end
    }
    this.#left = at < bytes.length ? bytes.subarray(at) : null
  }

  #message(kind: number, bytes: Buffer, from: number): void {
    if (kind === dataRow) this.#position = positionOf(bytes, from)
    if (kind !== readyForQuery) return
    const position = this.#position
    this.#position = null
    this.#answered(position)
  }
}

/** A row: the number of columns, and of each its length and text. A server without a term says NULL. */
function positionOf(bytes: Buffer, from: number): Position | null {
  let at = from + 2
  const column = (): string | null => {
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0) return null
    at += length
    return bytes.toString('latin1', at - length, at)
  }
  const inRecovery = column() === 't'
  const term = column()
  const lsn = column()
  if (term === null || lsn === null) return null
  return { inRecovery, term: Number(term), lsn: parseLsn(lsn) }
}
