/** Longer is no summary. */
const lengthMax = 120

/** What may hold data or words that only look like SQL: texts, quoted names, comments. */
const opaque = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g

/** Escapes of `E'…'` and `$$…$$` would need a parser: a statement with one of them is not looked into. */
const tooHard = /\$[A-Za-z_]*\$|\\/

const target =
  /\b(?:from|join|into|update|merge\s+into|table)\s+(?:only\s+)?([a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?)(?![\w.(])/gi

/**
 * What a statement does and to which tables: `SELECT articles users`. Only unquoted names behind words of SQL
 * are taken, never a value.
 */
export function querySummary(operation: string, text: string): string {
  if (text.length > 20_000 || tooHard.test(text)) return operation
  const plain = text.replace(opaque, "''")
  const names = new Set<string>()
  for (const [, name = ''] of plain.matchAll(target)) {
    if (!keywords.has(name.toLowerCase())) names.add(name)
  }
  let summary = operation
  for (const name of names) {
    if (summary.length + name.length >= lengthMax) break
    summary += ` ${name}`
  }
  return summary.trim()
}

/** What may stand where a name could. */
const keywords = new Set(['select', 'lateral', 'values', 'set', 'unnest', 'only', 'if'])
