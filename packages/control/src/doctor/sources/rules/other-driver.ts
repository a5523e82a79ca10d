import type { Facts, Found, Rule } from '../../rule.ts'
import { type Call, callsOf, meaningOf, objectOf, propertyOf, spreads } from '../look.ts'
import type { Source } from '../source.ts'

/** A library with connections of its own: what makes them, and what to do about it. */
type Driver = {
  readonly module: string
  readonly title: string
  /** Whether a call makes connections to PostgreSQL. */
  readonly makes: (call: Call, source: Source) => boolean
  readonly mend: string
}

const poolMend = "Use node-postgres by way of `import { Pool } from 'banyan/pg'`"

const drivers: readonly Driver[] = [
  {
    module: 'postgres',
    title: 'postgres.js',
    makes: ({ imported }) => imported.name === 'default',
    mend: `${poolMend}; Drizzle takes it as drizzle-orm/node-postgres, Kysely as its PostgresDialect.`,
  },
  {
    module: '@prisma/client',
    title: 'Prisma',
    makes: ({ node, imported }, source) => {
      if (imported.name !== 'PrismaClient' || node.type !== 'NewExpression') return false
      if (node.arguments.length === 0) return true
      const options = objectOf(source, node.arguments[0])
      return options !== null && !spreads(options) && propertyOf(options, 'adapter') === undefined
    },
    mend: "Give it a driver adapter: new PrismaClient({ adapter: new PrismaPg(new Pool()) }) with PrismaPg from '@prisma/adapter-pg' and Pool from 'banyan/pg'.",
  },
  {
    module: '@prisma/adapter-pg',
    title: "Prisma's adapter",
    makes: ({ node, imported }, source) => {
      const options = objectOf(source, node.arguments[0])
      return (
        imported.name === 'PrismaPg' &&
        options !== null &&
        propertyOf(options, 'connectionString') !== undefined
      )
    },
    mend: "Give PrismaPg a pool in place of a connection string: new PrismaPg(new Pool()) with Pool from 'banyan/pg'.",
  },
  {
    module: 'knex',
    title: 'Knex',
    makes: ({ node, imported }, source) => {
      const options = objectOf(source, node.arguments[0])
      const client = options === null ? undefined : propertyOf(options, 'client')
      const value = client === undefined ? null : meaningOf(source, client)
      const isPostgres =
        value?.type === 'Literal' && /^(pg|postgres(ql)?)$/.test(String(value.value))
      return ['default', 'knex'].includes(imported.name) && isPostgres
    },
    mend: `Knex takes no pool of ours. ${poolMend}, with Kysely or plain SQL for the queries.`,
  },
  {
    module: 'sequelize',
    title: 'Sequelize',
    makes: ({ node, imported }) => imported.name === 'Sequelize' && node.type === 'NewExpression',
    mend: "Give it our pg: new Sequelize(url, { dialectModule: pg }) with `import pg from 'banyan/pg'`.",
  },
  {
    module: 'typeorm',
    title: 'TypeORM',
    makes: ({ node, imported }) => imported.name === 'DataSource' && node.type === 'NewExpression',
    mend: "Give it our pg: new DataSource({ …, driver: pg }) with `import pg from 'banyan/pg'`.",
  },
  {
    module: 'pg-promise',
    title: 'pg-promise',
    makes: ({ imported }) => imported.name === 'default',
    mend: `${poolMend} in place of pg-promise.`,
  },
  {
    module: 'slonik',
    title: 'Slonik',
    makes: ({ imported }) => imported.name === 'createPool',
    mend: `${poolMend} in place of Slonik's.`,
  },
]

export const otherDriver: Rule = {
  id: 'other-driver',
  rungs: ['split', 'replicated'],
  severity: 'blocks',
  what: 'A driver or ORM that opens connections of its own: postgres.js, Prisma without an adapter, Knex, Sequelize, TypeORM, pg-promise, Slonik.',
  why: 'When the database moves or fails over, connections that Banyan does not know break under their requests.',
  mend: 'Let it use the Pool of banyan/pg.',
  *find({ sources }: Facts): Iterable<Found> {
    for (const source of sources) {
      for (const driver of drivers) {
        for (const call of callsOf(source, [driver.module])) {
          if (!driver.makes(call, source) || suits(driver, call, source)) continue
          const what = `${driver.title} opens connections of its own here.`
          yield { file: source.path, line: source.lineOf(call.node), what, mend: driver.mend }
        }
      }
    }
  },
}

/** Sequelize and TypeORM are other databases' too, and may have been given our pg already. */
function suits({ module }: Driver, { node }: Call, source: Source): boolean {
  if (module !== 'sequelize' && module !== 'typeorm') return false
  const options = node.arguments
    .map((argument) => objectOf(source, argument))
    .find((one) => one !== null)
  if (options == null || spreads(options)) return options != null
  if (propertyOf(options, module === 'sequelize' ? 'dialectModule' : 'driver') !== undefined)
    return true
  const kind = propertyOf(options, module === 'sequelize' ? 'dialect' : 'type')
  const value = kind === undefined ? null : meaningOf(source, kind)
  return value?.type === 'Literal' && value.value !== 'postgres'
}
