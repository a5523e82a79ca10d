/** What a release is like; the tests write another file in this one's place. */
export const mood: {
  readonly release: string
  /** How it starts: well, not at all, or for ever. */
  readonly start: 'well' | 'crashes' | 'never'
  /** The part of the requests that are answered with 500. */
  readonly failing: number
  readonly slowerMs: number
  /**
   * Where the text of a note is. Each lives beside the one before it: whoever writes only `body` has nobody
   * beside it who reads `legacy`.
   */
  readonly notes: 'legacy' | 'both' | 'filled' | 'body'
} = { release: 'first', start: 'well', failing: 0, slowerMs: 0, notes: 'legacy' }
