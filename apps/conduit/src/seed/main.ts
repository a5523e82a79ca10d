import pg from 'pg'
import { findObstacle, type LoadedTable, loadSeed, seedPassword } from './load.ts'
import { readOptions, type SeedOptions, usage } from './options.ts'
import { nameOf } from './rows.ts'
import { findTarget, NoTarget, type Target } from './target.ts'

/** Ends with a message on standard error; 1: it failed, 2: it was asked wrongly. */
function fail(status: 1 | 2, ...lines: string[]): never {
  console.error(lines.join('\n'))
  process.exit(status)
}

const count = (number: number) => number.toLocaleString('en')

const say = (table: LoadedTable) =>
  `  ${table.name.padEnd(14)}${count(table.rows).padStart(12)} rows ${count(perSecond(table)).padStart(12)} rows/s`

const perSecond = ({ rows, ms }: { rows: number; ms: number }) =>
  Math.round(rows / (Math.max(1, ms) / 1000))

async function run(options: SeedOptions): Promise<void> {
  const target = await findTarget(options.dir)
  const client = await connect(target)
  try {
    const obstacle = await findObstacle(client, options, options.force)
    if (obstacle !== null) fail(1, obstacle)
    if (!options.json) console.log(`Loading seed ${options.seed} into ${target.database}`)
    const begun = performance.now()
    const tables = await loadSeed(client, options, (table) => {
      if (!options.json) console.log(say(table))
    })
    report(options, tables, performance.now() - begun)
  } finally {
    await client.end()
  }
}

async function connect(target: Target): Promise<pg.Client> {
  const client = new pg.Client({ ...target, application_name: 'conduit-seed' })
  try {
    await client.connect()
    return client
  } catch (cause) {
    const { host, port, database } = target
    const message = `The database ${database} at ${host}:${port} does not answer: ${(cause as Error).message}`
    throw new NoTarget(message, 'Start the system with npm start, then try again.')
  }
}

function report(options: SeedOptions, tables: readonly LoadedTable[], ms: number): void {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const user = `${nameOf(options, 1)}@example.com`
  if (options.json) {
    const { seed, users, articles } = options
    const total = { rows, ms: Math.round(ms), rowsPerSecond: perSecond({ rows, ms }) }
    const named = tables.map((table) => ({ ...table, ms: Math.round(table.ms) }))
    console.log(
      JSON.stringify({ seed, users, articles, password: seedPassword, tables: named, ...total }),
    )
    return
  }
  console.log(
    `${count(rows)} rows in ${(ms / 1000).toFixed(1)} s (${count(perSecond({ rows, ms }))} rows/s)`,
  )
  console.log(`Log in as ${nameOf(options, 0)}@example.com or ${user}, password ${seedPassword}`)
}

const options = readOptions(process.argv.slice(2))
if (options === 'help') console.log(usage)
else if ('faults' in options) fail(2, ...options.faults, '', usage)
else {
  await run(options).catch((error) => {
    if (error instanceof NoTarget) fail(1, error.message, error.hint)
    throw error
  })
}
