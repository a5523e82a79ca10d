import { integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'

export const projects = pgTable('projects', {
  id: uuid().primaryKey().defaultRandom(),
  name: text().notNull(),
})

export const entries = pgTable(
  'entries',
  {
    projectId: uuid('project_id')
      .notNull()
      .references(() => projects.id),
    id: uuid().notNull().defaultRandom(),
    what: text().notNull(),
    minutes: integer().notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.id] })],
)
