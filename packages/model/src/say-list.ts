/** Names as a sentence lists them: `db-1`, `db-1 and db-2`, `db-1, db-2 and db-3`. */
export const sayList = (names: readonly string[]): string => {
  if (names.length < 2) return names[0] ?? 'nothing'
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** The verb behind such a list of rungs: one holds, several hold. */
export const sayHold = (names: readonly string[]): string => (names.length > 1 ? 'hold' : 'holds')
