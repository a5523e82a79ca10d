/** Where in a statement an error is: the line, and what of it stands before, at and after the place. */
export type Place = {
  readonly line: number
  readonly column: number
  readonly before: string
  readonly at: string
  readonly after: string
}

/**
 * The place that PostgreSQL means by a position, which counts characters (not UTF-16 units) from 1. Null for one that
 * is not in the statement.
 *
 * @example
 * placeOf('select 1\nform x', 10)?.line // 2
 */
export const placeOf = (sql: string, position: number): Place | null => {
  const characters = [...sql]
  if (!Number.isInteger(position) || position < 1 || position > characters.length + 1) return null
  const before = characters.slice(0, position - 1).join('')
  const rest = characters.slice(position - 1).join('')
  const lineStart = before.lastIndexOf('\n') + 1
  const [line = ''] = rest.split('\n', 1)
  const at = /^(\w+|\S)?/u.exec(line)?.[0] ?? ''
  return {
    line: before.split('\n').length,
    column: [...before.slice(lineStart)].length + 1,
    before: before.slice(lineStart),
    at,
    after: line.slice(at.length),
  }
}
