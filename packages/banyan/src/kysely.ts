export { type DialectOptions, dialect } from './kysely/dialect.ts'
