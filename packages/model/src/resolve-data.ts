import { checkDatabaseUrl } from './database-url.ts'
import { type FaultList, join } from './faults.ts'
import { FieldReader, isRecord } from './field-reader.ts'
import type { FoundFiles } from './found-files.ts'
import { nearestName } from './nearest-name.ts'
import { resolvePath } from './paths.ts'
import { readFolder } from './resolve-path.ts'
import { readReplicas } from './resolve-replicas.ts'
import { readTable } from './resolve-table.ts'
import type { DataSystem, Table } from './system.ts'

const keys = [
  'migrations',
  'tables',
  'postgres',
  'memoryMb',
  'replicas',
  'synchronous',
  'lagBytesMax',
  'url',
]

/** Reads `data`, or gives null for a system without a data tier. */
export const readData = (
  faults: FaultList,
  value: unknown,
  root: string,
  files: FoundFiles,
): DataSystem | null => {
  if (value === undefined) return null
  if (!isRecord(value)) {
    faults.add('data', value, {
      expected: 'the data tier',
      mend:
        typeof value === 'string' && value.includes('://')
          ? 'write data: { url: process.env.DATABASE_URL }'
          : "write data: { migrations: './migrations' }",
    })
    return null
  }
  faults.checkKeys('data', value, keys)
  const fields = new FieldReader(faults, 'data', value)
  return {
    migrations: readFolder(fields, 'migrations', root, files),
    tables: readTables(fields),
    postgres: readPostgres(fields, root, files),
    memoryMb: fields.integer('memoryMb', { min: 64, max: 1_048_576, unit: 'megabytes' }, null),
    ...readReplicas(fields),
    url: readUrl(fields),
  }
}

/** What is said of a server that Banyan makes, and has no meaning for one that exists. */
const notBesideUrl = {
  migrations: {
    expected: 'no migrations beside url',
    mend: 'remove it: Banyan does not migrate what it adopted; run your own migration tool, for example in `build:` of a service',
  },
  postgres: {
    expected: 'no postgres beside url',
    mend: 'remove it: an adopted server has the version that it has',
  },
  memoryMb: {
    expected: 'no memoryMb beside url',
    mend: 'remove it: the settings of an adopted server are left as they are',
  },
  replicas: {
    expected: 'no replicas beside url',
    mend: "remove it: how many copies an adopted database has is its owner's business; name their hosts in url, and reads go there too",
  },
  synchronous: {
    expected: 'no synchronous beside url',
    mend: "remove it: what a commit of an adopted database waits for is its owner's business",
  },
}

/** The URL is a secret: no complaint shows its password. */
const readUrl = (fields: FieldReader): string | null => {
  const value = fields.value('url')
  if (value === undefined) return null
  for (const [key, complaint] of Object.entries(notBesideUrl)) {
    if (fields.value(key) !== undefined) fields.fault(key, complaint)
  }
  const complaint = checkDatabaseUrl(value)
  if (complaint === null) return String(value)
  fields.fault('url', complaint)
  return null
}

const readTables = (fields: FieldReader): readonly Table[] => {
  const value = fields.value('tables')
  if (value === undefined) return []
  if (!isRecord(value)) {
    fields.fault('tables', {
      expected: 'an object of tables',
      mend: "write tables: { users: { by: 'id' } }",
    })
    return []
  }
  const path = fields.pathOf('tables')
  return Object.entries(value).flatMap(
    ([name, table]) => readTable(fields.faults, join(path, name), name, table) ?? [],
  )
}

const choices = ['embedded', 'distribution']

const readPostgres = (fields: FieldReader, root: string, files: FoundFiles): string => {
  const expected = '"embedded", "distribution" or a folder of PostgreSQL programs'
  const choice = fields.text('postgres', {
    expected,
    mend: "write postgres: 'embedded', or leave it out",
  })
  if (choice === null) return 'embedded'
  if (choices.includes(choice)) return choice
  if (!choice.includes('/')) {
    const near = nearestName(choice, choices)
    fields.fault('postgres', {
      expected,
      mend: near ? `did you mean ${near}?` : `write a folder with a slash: "./${choice}"`,
    })
    return 'embedded'
  }
  const folder = resolvePath(root, choice)
  if (['folder', 'unseen'].includes(files.kindOf(folder))) return folder
  fields.fault('postgres', {
    found: `no folder at ${folder}`,
    expected,
    mend: 'correct the path, or leave it out for the embedded one',
  })
  return 'embedded'
}
