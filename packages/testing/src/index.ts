export type { TestDatabase } from './database.ts'
export { startPostgres, type TestPostgres, type TestPostgresOptions } from './postgres.ts'
