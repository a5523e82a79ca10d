import type { System } from '@banyan/model'
import { connectSql } from '../../api/connect-sql.ts'
import { withAdopted } from '../../engines/adopted/engine.ts'
import { targetOf } from '../../engines/adopted/target.ts'
import type { StatePaths } from '../../state/paths.ts'
import { collationMajor, collationSql, type DatabaseFacts, factsOf, factsSql } from './facts.ts'

/** Sends a statement and gives the first value of its answer. */
type Ask = (sql: string) => Promise<string | null>

/** Asks the adopted database, or the system's own one where it runs. Nothing is started or changed. */
export async function askDatabase(paths: StatePaths, system: System): Promise<DatabaseFacts> {
  if (system.data?.url != null) {
    return await withAdopted(targetOf(system), async (client) => {
      const ask: Ask = async (sql) => {
        const { rows } = await client.query({ text: sql, rowMode: 'array' })
        const value = (rows as unknown[][])[0]?.[0]
        return value == null ? null : String(value)
      }
      return await gather(ask, true)
    })
  }
  return await askOwn(paths)
}

async function askOwn(paths: StatePaths): Promise<DatabaseFacts> {
  const session = await connectSql(paths, { role: 'owner', shard: 1, onNotice: () => {} })
  try {
    await session.query('begin transaction isolation level repeatable read read only')
    await session.query("set local statement_timeout = '10s'")
    return await gather(async (sql) => (await session.query(sql))[0]?.rows[0]?.[0] ?? null, false)
  } finally {
    await session.end().catch(() => {})
  }
}

async function gather(ask: Ask, adopted: boolean): Promise<DatabaseFacts> {
  const json = (await ask(factsSql)) ?? '{}'
  const { major } = factsOf(json, adopted, null)
  return factsOf(json, adopted, major >= collationMajor ? await ask(collationSql) : null)
}
