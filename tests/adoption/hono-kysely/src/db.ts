import { type Generated, Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'

export interface Database {
  polls: { id: Generated<string>; question: string }
  votes: { poll_id: string; voter: string; choice: string; cast_at: Generated<Date> }
}

export const db = new Kysely<Database>({
  dialect: new PostgresDialect({
    pool: new Pool({ connectionString: process.env.DATABASE_URL, max: 10 }),
  }),
})
