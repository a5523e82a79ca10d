import type { SqlResult } from '@banyan/control/api'

/** A result as psql would show it. */
export function describeResult(result: SqlResult): string {
  if (result.columns.length === 0) return `${sayCommand(result)}\n`
  const rows = result.rows.map((row) => row.map((value) => clean(value ?? '')))
  const widths = result.columns.map((name, column) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[column] ?? '')), widthOf(name)),
  )
  const numeric = result.typeIds.map((id) => numbers.has(id))
  const line = (cells: readonly string[], isHead: boolean) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, !isHead && numeric[column] === true))
      .join(' | ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-')
  const count = result.rows.length === 1 ? '(1 row)' : `(${result.rows.length} rows)`
  const body = rows.map((row) => ` ${line(row, false)}`)
  return `${[` ${line(result.columns, true)}`, `-${rule}-`, ...body, count].join('\n')}\n\n`
}

/** OIDs of bigint, smallint, integer, oid, real, double precision and numeric. */
const numbers = new Set([20, 21, 23, 26, 700, 701, 1700])

/** `INSERT 0 1` as psql says it, `CREATE TABLE` as the server does. */
function sayCommand({ command, rowCount }: SqlResult): string {
  return rowCount === null || !/^(INSERT|UPDATE|DELETE|MERGE|COPY)$/.test(command)
    ? (command ?? '')
    : `${command} ${rowCount}`
}

/** Line ends and control characters would break the layout, and could command the terminal. */
function clean(text: string): string {
  return text.replace(/\n/g, '↵').replace(/\p{Cc}/gu, '·')
}

function widthOf(text: string): number {
  return [...text].length
}

function pad(text: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)))
  return right ? blanks + text : text + blanks
}

/** The contract's `{columns, rows, rowCount}`; numbers that JSON can hold exactly are numbers. */
export function jsonOf(result: SqlResult): string {
  const rows = result.rows.map((row) =>
    row.map((value, column) => jsonValue(value, result.typeIds[column] ?? 0)),
  )
  return JSON.stringify({ columns: result.columns, rows, rowCount: result.rowCount })
}

function jsonValue(value: string | null, typeId: number): unknown {
  if (value === null) return null
  if (typeId === 16) return value === 't'
  if (typeId === 21 || typeId === 23 || typeId === 26) return Number(value)
  if ((typeId === 700 || typeId === 701) && Number.isFinite(Number(value))) return Number(value)
  return typeId === 114 || typeId === 3802 ? JSON.parse(value) : value
}
