import { findRungs } from '@banyan/model'
import { adminRole, watcherName } from '@banyan/postgres'
import { type Context, databaseName } from './context.ts'
import { withClient } from './with-client.ts'

/** From these rungs on the database is at another address than it was, sooner or later. */
const moving = ['split', 'replicated']

const sessions = `select
    count(*) filter (where application_name like $2)::int as watching,
    count(*) filter (where application_name not like 'banyan %' and usename <> $3)::int as others
  from pg_stat_activity where backend_type = 'client backend' and datname = $1`

/**
 * Why the database cannot move: the app's processes reach it by a driver that knows one address. Each
 * process that uses `data`, or the `Pool` of `banyan/pg`, watches who takes the writes.
 */
export async function unableToFollow(
  context: Context,
  rungs: readonly string[],
): Promise<string[]> {
  const { topology, system, secrets } = context
  const isNew = findRungs(rungs).some(
    ({ name }) => moving.includes(name) && !topology.rungs.includes(name),
  )
  if (!isNew || system.data === null || system.data.url !== null) return []
  const database = databaseName(system)
  const found = await withClient(
    context,
    adminRole,
    secrets.adminPassword,
    'postgres',
    async (client) => {
      const { rows } = await client.query(sessions, [database, `${watcherName}%`, adminRole])
      return rows[0] as { readonly watching: number; readonly others: number } | undefined
    },
  )
  if (found === undefined || found.others === 0 || found.watching > 0) return []
  return [
    `The app keeps ${found.others} ${found.others === 1 ? 'session' : 'sessions'} with the database, and none of them would follow it to another address: take \`Pool\` from banyan/pg in place of pg's ("banyan doctor --rung split" lists where), release that, and ask again.`,
  ]
}
