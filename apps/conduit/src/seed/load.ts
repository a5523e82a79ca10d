import { hash } from '@node-rs/argon2'
import type { ClientBase } from 'pg'
import { argon2Options } from '../passwords.ts'
import { copyTable } from './copy.ts'
import { planSeed, type SeedSize } from './plan.ts'
import { randomFrom } from './random.ts'
import { tablesOf } from './rows.ts'

/** The password of every seeded user. It is in the sources, so that seeded users are nobody's secret. */
export const seedPassword = 'banyan-seed'

export type LoadedTable = { readonly name: string; readonly rows: number; readonly ms: number }

/** What is in the way of loading, in a sentence; null when nothing is. */
export async function findObstacle(
  client: ClientBase,
  size: SeedSize,
  force: boolean,
): Promise<string | null> {
  const { rows } = await client.query<{ any: boolean; same: boolean }>(
    `select exists (select from users) as any,
      exists (select from users where id = $1) as same`,
    [planSeed({ ...size, users: 1, articles: 0 }).userId(0)],
  )
  if (rows[0]?.same) {
    return `The people of seed ${size.seed} are there already. Choose another --seed, or empty the database: npx banyan down --destroy, npx banyan up.`
  }
  if (rows[0]?.any && !force) {
    return 'The database has users already. Add --force to add the seeded ones beside them.'
  }
  return null
}

/** Makes a population and loads it in one transaction: all of it is there afterwards, or nothing. */
export async function loadSeed(
  client: ClientBase,
  size: SeedSize,
  onTable: (table: LoadedTable) => void = () => {},
): Promise<readonly LoadedTable[]> {
  const passwordHash = await hash(seedPassword, {
    ...argon2Options,
    salt: randomFrom(size.seed, 'salt').bytes(16),
  })
  const loaded: LoadedTable[] = []
  await inTransaction(client, async () => {
    for (const table of tablesOf(planSeed(size), passwordHash)) {
      const begun = performance.now()
      const rows = await copyTable(client, table)
      loaded.push({ name: table.name, rows, ms: performance.now() - begun })
      onTable(loaded.at(-1) as LoadedTable)
    }
    // Else the planner would guess until autovacuum comes by, and whoever looks at the tables as well.
    await client.query(`analyze ${loaded.map(({ name }) => name).join(', ')}`)
  })
  return loaded
}

async function inTransaction(client: ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
