import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { judgeSql } from './judge-sql.ts'
import { type Migration, numberOf } from './migration.ts'
import { type Fault, invalid, judgeName, listNames } from './names.ts'
import { parseStatements } from './sql.ts'

const marks = ['contract', 'no-transaction', 'repeat']

/**
 * Reads a folder of `NNNN_name.sql` files in the order of their numbers. Files that do not end in
 * `.sql` are left alone, a README for one.
 *
 * @throws BANYAN_MIGRATIONS_NOT_FOUND, BANYAN_MIGRATIONS_INVALID with the faults of all files
 * @example const migrations = await readMigrations('/srv/notes/migrations')
 */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = await listNames(directory)
  const read = await Promise.all(names.map((name) => readOne(directory, name)))
  const migrations = read.flatMap(({ migration }) => (migration === null ? [] : [migration]))
  migrations.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1))
  const faults = [...read.flatMap((one) => one.faults), ...findDuplicates(migrations)]
  if (faults.length > 0) throw invalid(directory, faults)
  return migrations
}

async function readOne(
  directory: string,
  name: string,
): Promise<{ migration: Migration | null; faults: Fault[] }> {
  const fail = (message: string, hint: string) => ({
    migration: null,
    faults: [{ file: name, message, hint }],
  })
  const misnamed = judgeName(name)
  if (misnamed !== null) return { migration: null, faults: [misnamed] }
  const file = join(directory, name)
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    return fail(`it cannot be read: ${(error as Error).message}`, 'Make it a readable file.')
  }
  const text = decode(bytes)
  if (text === null) return fail('it is not UTF-8', 'Save it as UTF-8.')
  return await parse(name, file, text)
}

/** Null when the bytes are not UTF-8. A byte order mark is dropped by the decoder. */
function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n')
  } catch {
    return null
  }
}

async function parse(
  name: string,
  file: string,
  sql: string,
): Promise<{ migration: Migration; faults: Fault[] }> {
  const parsed = await parseStatements(sql)
  const found = [...sql.matchAll(/^[ \t]*--[ \t]*banyan:[ \t]*(.*?)[ \t]*$/gm)].map(
    (match) => match[1] ?? '',
  )
  const contract = found.includes('contract')
  const repeat = found.includes('repeat')
  const transaction = !found.includes('no-transaction') && !repeat
  const faults: Fault[] = found
    .filter((mark) => !marks.includes(mark))
    .map((mark) => ({
      file: name,
      message: `the mark "${mark}" is unknown`,
      hint: `Known are: ${marks.join(', ')}.`,
    }))
  if (parsed.length === 0) {
    faults.push({
      file: name,
      message: 'it has no statement',
      hint: 'Write one, or delete the file.',
    })
  }
  for (const { statement, message, hint } of judgeSql(parsed, { contract, transaction, repeat })) {
    faults.push({
      file: `${name}:${statement.line}:${statement.column}`,
      message: `it ${message}`,
      hint,
    })
  }
  const checksum = createHash('sha256').update(sql).digest('hex')
  const migration = {
    name,
    number: numberOf(name),
    file,
    sql,
    checksum,
    contract,
    transaction,
    repeat,
    statements: parsed,
  }
  return { migration, faults }
}

function findDuplicates(migrations: readonly Migration[]): Fault[] {
  return migrations.flatMap(({ name, number }, at) => {
    const before = migrations[at - 1]
    if (before?.number !== number) return []
    const next = Math.max(...migrations.map((migration) => migration.number)) + 1
    return [
      {
        file: name,
        message: `its number is also that of ${before.name}`,
        hint: `Give it a number of its own; ${next} is free.`,
      },
    ]
  })
}
