import { promises as fs } from 'node:fs'
import path from 'node:path'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import { db } from './db.ts'

export async function migrateToLatest(): Promise<void> {
  const provider = new FileMigrationProvider({
    fs,
    path,
    migrationFolder: path.join(import.meta.dirname, 'migrations'),
  })
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest()
  for (const { migrationName, status } of results ?? []) console.log(`${migrationName}: ${status}`)
  if (error) throw error
}

if (import.meta.main) {
  await migrateToLatest()
  await db.destroy()
}
