import { type Complaint, type FaultList, join } from './faults.ts'
import { FieldReader, isRecord } from './field-reader.ts'
import { nearestName } from './nearest-name.ts'
import type { Table } from './system.ts'

/** PostgreSQL cuts longer names off silently, and two tables would become one. */
const nameBytesMax = 63

/** Reads one table of `data.tables`. */
export const readTable = (
  faults: FaultList,
  path: string,
  name: string,
  value: unknown,
): Table | null => {
  const complaint = checkIdentifier(name, 'the name of a table')
  if (complaint)
    faults.add(path, value, { found: `the name ${JSON.stringify(name)}`, ...complaint })
  if (value === 'reference') return { kind: 'reference', name }
  if (!isRecord(value)) {
    faults.add(path, value, {
      expected: '{ by: … } or "reference"',
      mend: suggestTable(name, value),
    })
    return null
  }
  faults.checkKeys(path, value, ['by', 'unique'])
  const fields = new FieldReader(faults, path, value)
  const by = readBy(fields)
  return { kind: 'sharded', name, by, unique: readUnique(fields, by) }
}

const suggestTable = (name: string, value: unknown): string => {
  if (typeof value !== 'string') return `write ${name}: { by: 'id' }`
  const near = nearestName(value, ['reference'])
  return near ? `did you mean ${near}?` : `write ${name}: { by: ${JSON.stringify(value)} }`
}

const readBy = (fields: FieldReader): string => {
  const value = fields.value('by')
  const complaint = checkIdentifier(value, 'the column whose value places a row')
  if (!complaint) return String(value)
  fields.fault(
    'by',
    Array.isArray(value)
      ? { ...complaint, mend: 'name one column; a row is placed by one value' }
      : complaint,
  )
  return ''
}

const readUnique = (fields: FieldReader, by: string): readonly (readonly string[])[] => {
  const value = fields.value('unique')
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    const mend =
      typeof value === 'string'
        ? `write unique: [${JSON.stringify(value)}]`
        : "write unique: ['email']"
    fields.fault('unique', { expected: 'a list of columns, or of lists of columns', mend })
    return []
  }
  const unique: string[][] = []
  for (const [index, entry] of value.entries()) {
    const columns = Array.isArray(entry) ? entry : [entry]
    const complaint = checkColumns(columns) ?? checkAgainst(columns, by, unique)
    if (complaint) fields.faults.add(join(fields.pathOf('unique'), index), entry, complaint)
    else unique.push(columns)
  }
  return unique
}

const checkColumns = (columns: readonly unknown[]): Complaint | null => {
  if (columns.length === 0)
    return {
      expected: 'at least one column',
      mend: "name the columns, for example ['country', 'tax_number']",
    }
  for (const column of columns) {
    const complaint = checkIdentifier(column, 'a column')
    if (complaint) return complaint
  }
  const twice = columns.find((column, index) => columns.indexOf(column) !== index)
  return twice === undefined
    ? null
    : { expected: 'each column once', mend: `name ${String(twice)} once` }
}

const checkAgainst = (
  columns: readonly string[],
  by: string,
  before: readonly (readonly string[])[],
): Complaint | null => {
  if (by !== '' && columns.includes(by)) {
    return {
      expected: `columns without the shard key ${by}`,
      mend: 'remove it here and write an ordinary unique index in a migration: rows with one shard key live together, so it holds',
    }
  }
  const names = [...columns].sort().join()
  if (!before.some((other) => [...other].sort().join() === names)) return null
  return { expected: 'each set of columns once', mend: 'remove it; it is in the list already' }
}

const checkIdentifier = (name: unknown, what: string): Complaint | null => {
  if (typeof name !== 'string' || name === '')
    return { expected: what, mend: "write its name as a text, for example 'id'" }
  if (name.includes('.'))
    return {
      expected: what,
      mend: 'write it without schema or table: tables are looked for in the schema public',
    }
  if (!/^[A-Za-z_][A-Za-z0-9_$]*$/.test(name)) {
    return {
      expected: `${what}: letters, digits and _, not beginning with a digit`,
      mend: 'rename it in a migration',
    }
  }
  if (name.length <= nameBytesMax) return null
  return {
    expected: `${what} of at most ${nameBytesMax} letters`,
    mend: 'shorten it; PostgreSQL cuts longer names off',
  }
}
