import { randomBytes } from 'node:crypto'
import type { System } from '@banyan/model'
import type { Attached } from '../attached/attachments.ts'
import { type Context, databaseName } from '../climb/context.ts'
import { migrate } from '../climb/migrate.ts'
import { switchesOf } from '../dev/switches.ts'

/** PostgreSQL cuts names at 63 bytes; ours keep their end, which tells them apart. */
const nameMax = 40

export function freshName(system: System): string {
  return `${databaseName(system).slice(0, nameMax)}_fresh_${randomBytes(4).toString('hex')}`
}

/**
 * Makes the database of an attached command, migrated and empty, beside that of the system. It is
 * the system's in all but its name, so that it comes about as that did.
 */
export async function makeFresh(
  context: Context,
  { folder, freshDatabase }: Attached,
  options: { readonly wide: boolean; readonly signal: AbortSignal },
): Promise<Context> {
  if (freshDatabase === null) throw new Error('the command has no database of its own')
  const { system, settings, paths } = context
  // The roles are those of the server: a narrow system beside us must keep what it needs.
  const wanted = { mode: 'dev', narrow: !options.wide || settings.narrow === true } as const
  const fresh: Context = {
    ...context,
    paths: { ...paths, directory: folder },
    system: { ...system, name: freshDatabase },
    settings: { ...settings, ...switchesOf(wanted, system) },
  }
  await migrate(fresh, { system: fresh.system, phase: 'whole', alongside: null }, options.signal)
  // An app that makes its tables itself has none yet; its keys are what they were in the other database.
  const keyType = fresh.learned.keyType ?? context.learned.keyType
  fresh.learned = { ...fresh.learned, keyType }
  return fresh
}
