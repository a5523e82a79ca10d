import { readdir } from 'node:fs/promises'
import { BanyanError } from '@banyan/model'

/** A fault of a migration file. */
export type Fault = { readonly file: string; readonly message: string; readonly hint: string }

/** Fifteen digits hold a timestamp and are exact as a number. */
const validName = /^[0-9]{1,15}_[^/]+\.sql$/

/** What is wrong with a file's name, or null. */
export function judgeName(name: string): Fault | null {
  if (validName.test(name)) return null
  return {
    file: name,
    message: 'its name is not a number, an underscore and a name',
    hint: 'Name it like 0001_create_users.sql, or give it another ending than .sql.',
  }
}

/**
 * Refuses a folder with misnamed files. Cheap, unlike reading them, which needs PostgreSQL's parser:
 * so it can be asked before anything is started.
 */
export async function checkMigrationNames(directory: string): Promise<void> {
  const faults = (await listNames(directory)).flatMap((name) => judgeName(name) ?? [])
  if (faults.length > 0) throw invalid(directory, faults)
}

/** The names of the files that end in `.sql`, in order. */
export async function listNames(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory)
    return names.filter((name) => name.toLowerCase().endsWith('.sql')).sort()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const found = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new BanyanError('BANYAN_MIGRATIONS_NOT_FOUND', `The folder ${directory} ${found}.`, {
      hint: 'Make the folder, or correct data.migrations in the config: it is relative to the config file.',
      cause,
    })
  }
}

/** Every fault of a folder, as one error. */
export function invalid(directory: string, faults: readonly Fault[]): BanyanError {
  const lines = faults.map(({ file, message, hint }) => `- ${file}: ${message}. ${hint}`)
  const count = faults.length === 1 ? 'One fault' : `${faults.length} faults`
  return new BanyanError(
    'BANYAN_MIGRATIONS_INVALID',
    `${count} in ${directory}:\n${lines.join('\n')}`,
    {
      hint: 'Mend the files as each line says; nothing was run.',
      details: { directory, faults },
    },
  )
}
