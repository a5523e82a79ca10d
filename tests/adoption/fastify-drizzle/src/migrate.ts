import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { db, pool } from './db.ts'

export const migrateAll = () =>
  migrate(db, { migrationsFolder: new URL('../drizzle', import.meta.url).pathname })

if (import.meta.main) {
  await migrateAll()
  await pool.end()
}
