import type { Node } from 'acorn'
import { simple } from 'acorn-walk'
import type { AppManifest } from './manifest.ts'
import { parseSource } from './parse-source.ts'
import type { AppFiles, Driver } from './types.ts'

type Import = { readonly file: string; readonly line: number; readonly require: boolean }

/** Libraries by package, in the order in which they are named; the ones on top of pg come first. */
const known: readonly {
  readonly name: string
  readonly packages: readonly string[]
  readonly next: (pools: readonly Import[]) => string
}[] = [
  {
    name: 'Drizzle',
    packages: ['drizzle-orm'],
    next: (pools) =>
      swapOr(
        pools,
        "give it Banyan's pool: drizzle({ client: new Pool() }) with Pool from 'banyan/pg'",
      ),
  },
  {
    name: 'Kysely',
    packages: ['kysely'],
    next: (pools) =>
      swapOr(
        pools,
        "give its dialect Banyan's pool: new PostgresDialect({ pool: new Pool() }) with Pool from 'banyan/pg'",
      ),
  },
  {
    name: 'Prisma',
    packages: ['@prisma/client', 'prisma'],
    next: (pools) =>
      swapOr(
        pools,
        "use @prisma/adapter-pg with Banyan's pool: new PrismaPg(new Pool()) with Pool from 'banyan/pg'",
      ),
  },
  {
    name: 'Knex',
    packages: ['knex'],
    next: () =>
      'it makes its own connections and goes on as it is; held requests and replicas need pg with banyan/pg',
  },
  {
    name: 'TypeORM',
    packages: ['typeorm'],
    next: () => "give its DataSource Banyan's driver: driver: pg with pg from 'banyan/pg'",
  },
  {
    name: 'Sequelize',
    packages: ['sequelize'],
    next: () => "give it Banyan's driver: dialectModule: pg with pg from 'banyan/pg'",
  },
  {
    name: 'postgres.js',
    packages: ['postgres'],
    next: () =>
      'it makes its own connections and goes on as it is; held requests and replicas need pg with banyan/pg',
  },
  {
    name: 'pg',
    packages: ['pg'],
    next: (pools) => swapOr(pools, "import Pool from 'banyan/pg' instead of 'pg'"),
  },
]

/** What the app speaks to its database with, and the one edit that makes it Banyan's. */
export function findDrivers(manifest: AppManifest, files: AppFiles): readonly Driver[] {
  const pools = findPoolImports(files)
  const found = known.filter(({ packages }) =>
    packages.some((name) => manifest.dependencies.has(name)),
  )
  // What stands on pg says already what there is to do about pg.
  const above = found.some(({ name }) => ['Drizzle', 'Kysely', 'Prisma'].includes(name))
  return found
    .filter(({ name }) => name !== 'pg' || !above)
    .map(({ name, next }) => ({ name, next: next(pools) }))
}

/** Whether one of them speaks to PostgreSQL for sure; Prisma and Knex speak to others as well. */
export function speaksPostgres({ dependencies }: AppManifest): boolean {
  return ['pg', 'postgres', '@prisma/adapter-pg', 'pg-promise', '@neondatabase/serverless'].some(
    (name) => dependencies.has(name),
  )
}

function swapOr(pools: readonly Import[], otherwise: string): string {
  if (pools.length === 0) return otherwise
  const places = pools.map(({ file, line }) => `${file}:${line}`).join(', ')
  return pools[0]?.require
    ? `write require('banyan/pg') instead of require('pg') in ${places}`
    : `import from 'banyan/pg' instead of 'pg' in ${places}`
}

/** Every place in the app, outside of its tests, that brings `pg` in as a value. */
function findPoolImports({ texts }: AppFiles): readonly Import[] {
  const found: Import[] = []
  for (const [file, text] of texts) {
    if (isOfTests(file) || !/['"]pg['"]/.test(text)) continue
    const source = parseSource(file, text)
    if (source === null) continue
    const add = (node: Node, require: boolean) =>
      found.push({ file, line: source.lineOf(node), require })
    simple(source.tree, {
      ImportDeclaration: (node) => void (node.source.value === 'pg' && add(node, false)),
      CallExpression: (node) => {
        const [first] = node.arguments
        const named = node.callee.type === 'Identifier' && node.callee.name === 'require'
        if (named && first?.type === 'Literal' && first.value === 'pg') add(node, true)
      },
    })
  }
  return found
}

const isOfTests = (path: string): boolean =>
  /(^|\/)(tests?|spec|__tests__|e2e)\/|\.(test|spec)\.[cm]?[jt]sx?$/.test(path)
