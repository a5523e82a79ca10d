import type { LogQuery } from '../api/types.ts'
import { type Line, weightOf } from './line.ts'

/** What a search asks of a line's text. */
export type Wanted = {
  /** Words that follow one another. */
  readonly phrase: readonly string[]
  readonly isPrefix: boolean
  readonly isExcluded: boolean
}

const wordPattern = /[\p{L}\p{N}\p{Co}]+/gu

/**
 * The words of a text, as SQLite's `unicode61` takes them apart: letters and digits, without case and accents.
 * So a live tail finds what a search does.
 */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFD').replace(/\p{M}+/gu, '')
  return (plain.match(wordPattern) ?? []).map((word) => word.toLowerCase())
}

const partPattern = /(-?)(?:"([^"]*)"?|(\S+))/g

/**
 * Reads what somebody typed: words that all have to be there, "…" for a phrase, -word for one that must not, word*
 * for a beginning. Signs within a word make it a phrase: `db-2` is "db 2".
 */
export function readWanted(text: string): Wanted[] {
  return [...text.matchAll(partPattern)].flatMap(([, minus, quoted, bare]) => {
    const phrase = wordsOf(quoted ?? bare ?? '')
    if (phrase.length === 0) return []
    return [{ phrase, isPrefix: bare?.endsWith('*') ?? false, isExcluded: minus === '-' }]
  })
}

/** What of a line is searched: its message, and its fields with their names. */
export const searchedText = ({ message, fields }: Pick<Line, 'message' | 'fields'>): string => {
  const { pid: _, ...rest } = fields
  return Object.keys(rest).length === 0 ? message : `${message} ${JSON.stringify(rest)}`
}

/** Whether a line that has just come is one that a query asks for. */
export function matcherOf(query: LogQuery): (line: Line & { readonly node: string }) => boolean {
  const wanted = readWanted(query.text ?? '')
  const least = weightOf(query.level ?? 'trace')
  return (line) => {
    if (weightOf(line.level) < least) return false
    if (query.nodes !== undefined && query.nodes.length > 0 && !query.nodes.includes(line.node))
      return false
    if (query.trace !== undefined && line.trace !== query.trace) return false
    if (wanted.length === 0) return true
    const words = wordsOf(searchedText(line))
    return wanted.every((one) => has(words, one) !== one.isExcluded)
  }
}

function has(words: readonly string[], { phrase, isPrefix }: Wanted): boolean {
  const last = phrase.length - 1
  return words.some((_, at) =>
    phrase.every((word, index) => {
      const found = words[at + index] ?? ''
      return isPrefix && index === last ? found.startsWith(word) : found === word
    }),
  )
}
