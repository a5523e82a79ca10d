/** Statements are kept while the page is open, and nowhere else: they may have values in them. */
const most = 30

/** A statement on top of those before it; one that was there comes up. */
export const remembered = (history: readonly string[], sql: string): readonly string[] =>
  [sql, ...history.filter((other) => other !== sql)].slice(0, most)
