/** One part of what somebody searches for. */
export type Term = {
  readonly kind: 'word' | 'phrase' | 'begin'
  readonly text: string
  readonly not: boolean
}

/**
 * Takes a search apart: words that all have to be there, "a phrase", -excluded, begin*. A quotation mark that is not
 * closed reaches to the end, as somebody who is still typing means it.
 *
 * @example
 * termsOf('timeout -web "connection reset" user*')
 */
export const termsOf = (text: string): Term[] =>
  [...text.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)].flatMap(([, minus, phrase, word]) => {
    const not = minus === '-'
    if (phrase !== undefined)
      return phrase.trim() === '' ? [] : [{ kind: 'phrase' as const, text: phrase.trim(), not }]
    return word === undefined || word === '-' ? [] : [wordTerm(word, not)]
  })

const wordTerm = (word: string, not: boolean): Term =>
  /.\*$/.test(word)
    ? { kind: 'begin', text: word.slice(0, -1), not }
    : { kind: 'word', text: word, not }

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** A piece of a message; `hit` where it is why the line was found. */
export type Piece = { readonly text: string; readonly hit: boolean }

/** A message in pieces, those that were searched for marked. */
export const piecesOf = (message: string, search: string): Piece[] => {
  const wanted = termsOf(search).filter(({ not }) => !not)
  if (wanted.length === 0) return [{ text: message, hit: false }]
  const patterns = wanted.map(patternOf)
  const parts = message.split(new RegExp(`(${patterns.join('|')})`, 'giu'))
  // `split` with one group puts what matched at the odd places.
  return parts.map((text, at) => ({ text, hit: at % 2 === 1 })).filter(({ text }) => text !== '')
}

/** Words are whole ones, as the store finds them: letters and numbers of any script. */
const patternOf = ({ kind, text }: Term): string => {
  const start = /^[\p{L}\p{N}]/u.test(text) ? '(?<![\\p{L}\\p{N}])' : ''
  const end = kind === 'begin' || !/[\p{L}\p{N}]$/u.test(text) ? '' : '(?![\\p{L}\\p{N}])'
  const body = escaped(text).replace(/\s+/g, '\\s+')
  return `${start}${body}${end}`
}
