import type { Facts, Found, Rule } from '../../rule.ts'
import { tablesOf } from '../declared.ts'

/** Tables that migration tools keep for themselves. */
const tools =
  /^(pgmigrations|knex_migrations(_lock)?|kysely_migration(_lock)?|_prisma_migrations|__drizzle_migrations|schema_migrations|migrations|typeorm_migrations|spatial_ref_sys)$/i

export const undeclaredTable: Rule = {
  id: 'undeclared-table',
  rungs: ['sharded'],
  severity: 'blocks',
  what: 'A table that `data.tables` does not declare.',
  why: 'When the data splits, every table goes by a shard key or is copied to every shard; of this one nobody knows which.',
  mend: "Declare it in data.tables: { by: 'COLUMN' } when its rows belong to a key, 'reference' when every shard needs all of it.",
  *find({ system, schema, database }: Facts): Iterable<Found> {
    const declared = tablesOf(system)
    // Where nothing is declared, one sentence says so for all tables.
    if (declared.size === 0) return
    for (const { name, place } of schema.tables.values()) {
      if (declared.has(name) || tools.test(name)) continue
      yield { ...place, what: `The table ${name} is not declared.` }
    }
    for (const { name } of database?.tables ?? []) {
      if (declared.has(name) || tools.test(name) || schema.tables.has(name)) continue
      yield { file: null, line: null, what: `The table ${name} of the database is not declared.` }
    }
  },
}
