import type { DataAnswer } from '@banyan/control/api'

type Answer = Pick<DataAnswer, 'columns' | 'rows'>

/** What PostgreSQL writes for NULL in its text format, so that it is another thing than an empty text. */
const nullText = '\\N'

/** As COPY writes it: a value has no tab and no end of line in it that is not escaped. */
const escaped = (value: string): string =>
  value.replace(
    /[\\\t\n\r]/g,
    (found) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n' })[found] ?? '\\r',
  )

/**
 * An answer as tab separated values, the way PostgreSQL's COPY writes them.
 *
 * @example
 * asTsv({ columns: ['a'], rows: [[null]] }) // 'a\n\\N\n'
 */
export const asTsv = ({ columns, rows }: Answer): string =>
  [
    columns.map(escaped),
    ...rows.map((row) => row.map((value) => (value === null ? nullText : escaped(value)))),
  ]
    .map((row) => `${row.join('\t')}\n`)
    .join('')

/**
 * An answer as JSON, an object for each row. Of columns with one name each after the first has its place behind it.
 */
export const asJson = ({ columns, rows }: Answer): string => {
  const names = columns.map((name, at) =>
    columns.indexOf(name) === at ? name : `${name} ${at + 1}`,
  )
  return `${JSON.stringify(
    rows.map((row) => Object.fromEntries(row.map((value, at) => [names[at] ?? `${at}`, value]))),
    null,
    2,
  )}\n`
}
