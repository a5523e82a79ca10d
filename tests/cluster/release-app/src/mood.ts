/** What a release is like; the tests write another file in this one's place. */
export const mood: {
  readonly release: string
  /** How it starts: well, not at all, or for ever. */
  readonly start: 'well' | 'crashes' | 'never'
  /** The part of the requests that are answered with 500. */
  readonly failing: number
  readonly slowerMs: number
  /** What becomes of the text of a note: written as it was at first, with its words counted, or only the new way. */
  readonly notes: 'legacy' | 'both' | 'body'
} = { release: 'first', start: 'well', failing: 0, slowerMs: 0, notes: 'legacy' }
