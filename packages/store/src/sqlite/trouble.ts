/** What a failed use of a database means for whoever used it. */
export type Trouble = 'full' | 'damaged' | 'busy' | 'other'

/** The low byte of SQLite's result codes says the kind, the rest what exactly. */
const kinds: Readonly<Record<number, Trouble>> = {
  5: 'busy',
  6: 'busy',
  10: 'full',
  11: 'damaged',
  13: 'full',
  26: 'damaged',
}

/**
 * Classifies an error of SQLite. An error of input and output counts as a full disk: on one that is full, the
 * shared memory of the log beside the database cannot grow either, and both are mended by waiting and trying again.
 *
 * @example
 * try { write() } catch (error) { if (troubleOf(error) === 'damaged') setAside() }
 */
export function troubleOf(error: unknown): Trouble {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? (kinds[code & 0xff] ?? 'other') : 'other'
}
