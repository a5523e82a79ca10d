import { withAdopted } from '../engines/adopted/engine.ts'
import { connectionsAllowed } from '../engines/adopted/facts.ts'
import { noteForNodePostgres } from '../engines/adopted/node-postgres-note.ts'
import { type Reading, readKeyType } from '../engines/adopted/tables.ts'
import { targetOf } from '../engines/adopted/target.ts'
import { writeJson } from '../state/files.ts'
import type { Context } from './context.ts'
import { learnedFile } from './migrate.ts'

/** Learns what services have to know of an adopted database: by reading, in a transaction that cannot write. */
export async function inspectAdopted(context: Context): Promise<void> {
  const { missing } = await learn(context)
  const note = await noteForNodePostgres(context.system)
  if (note !== null) context.events.add({ type: 'progress', sentence: note })
  if (missing.length === 0) return
  const sentence = `Declared, and not in the database yet: ${missing.join(', ')}. They are looked for again when a service starts.`
  context.events.add({ type: 'progress', sentence })
}

async function learn(context: Context): Promise<Reading> {
  const { system, paths } = context
  const { facts, reading } = await withAdopted(targetOf(system), async (client, facts) => ({
    facts,
    reading: await readKeyType(client, system.data?.tables ?? []),
  }))
  const connections = connectionsAllowed(facts)
  const { keyType } = reading
  context.learned = { keyType, connections, ...(facts.pooled && { pooled: true }) }
  await writeJson(learnedFile(paths.directory), { format: 1, ...context.learned })
  return reading
}

/**
 * The app makes its tables itself, possibly in the `build:` that just ended; until they are there the
 * type of the keys is not known, and a service that starts without it could not serve them.
 */
export async function inspectAgain(context: Context): Promise<void> {
  const { data } = context.system
  if (data?.url == null || context.learned.keyType !== null) return
  if (data.tables.some(({ kind }) => kind === 'sharded')) await learn(context)
}
