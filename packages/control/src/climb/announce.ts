import { adminRole, type Catalog, catalogChannel, holdChannel, watcherName } from '@banyan/postgres'
import { runtimeFileOf } from '../drivers/run-file.ts'
import { systemOfRelease } from '../releases/releases.ts'
import { writeJson } from '../state/files.ts'
import { type Context, databaseName, dataMembers, runtimeOf } from './context.ts'
import { openClient, withClient } from './with-client.ts'

/**
 * Tells the app's processes who the members are: those that ask a member read the catalog there, and one
 * that reaches none of those that it knows reads its own file again.
 */
export async function announceMembers(context: Context): Promise<void> {
  await writeRuntimeFiles(context)
  const { version } = context.topology
  const members = dataMembers(context)
  const shards: Catalog['shards'] = [{ name: 'shard-1', members }]
  await withClient(
    context,
    adminRole,
    context.secrets.adminPassword,
    databaseName(context.system),
    async (client) => {
      await client.query('begin')
      // It is told again after every failover, so that it need not wait for those who confirm commits.
      await client.query('set local synchronous_commit = local')
      await client.query(writeCatalog, [version, JSON.stringify(shards)])
      await client.query('select pg_notify($1, $2)', [catalogChannel, String(version)])
      await client.query('commit')
    },
  )
}

const writeCatalog = `insert into banyan.catalog (version, shards) values ($1, $2)
  on conflict (one) do update set version = excluded.version, shards = excluded.shards
  where banyan.catalog.version <= excluded.version`

/** Each as its process would get it at a start of now. */
export async function writeRuntimeFiles(context: Context): Promise<void> {
  const running = context.keepers.all.filter(({ driver, facts }) => driver.release && facts.running)
  for (const { name, driver } of running) {
    const system = systemOfRelease(context, driver.release ?? '') ?? context.system
    const service = system.services.find((one) => one.name === driver.node.service)
    if (service === undefined) continue
    const { file } = runtimeOf(context, system, name, service)
    await writeJson(runtimeFileOf(context.paths, name), file, 0o600)
  }
}

/**
 * Tells the app's processes which member takes the writes soon: each opens a connection or two there ahead, since
 * to open them costs more than all the rest of a switchover does to a process.
 */
export async function announceHeir(context: Context, heir: string): Promise<void> {
  const { adminPassword } = context.secrets
  const payload = JSON.stringify({ shard: 'shard-1', holdMs: 0, heir })
  await withClient(context, adminRole, adminPassword, databaseName(context.system), (client) =>
    client.query('select pg_notify($1, $2)', [holdChannel, payload]),
  )
}

const drainLookMs = 3
/** What a process had lent when it heard of the hold has begun after this many looks. */
const quietLooks = 2
/**
 * Sessions of the app that are in the middle of something, and processes that listen and have not said yet
 * that they hold; those of control are not among them.
 */
const countBusy = `select count(*)::int as busy from pg_stat_activity
  where backend_type = 'client backend' and datname = $1 and pid <> pg_backend_pid()
    and (application_name = '${watcherName}' or (state <> 'idle'
      and application_name not like 'banyan %' and usename <> '${adminRole}'))`

/**
 * Has the app's processes lend no connection of the primary for a while, and returns once nothing of
 * theirs is under way, or after half of that time: what is then still under way is cut.
 */
export async function holdWrites(context: Context, holdMs: number): Promise<void> {
  const database = databaseName(context.system)
  const { adminPassword } = context.secrets
  const client = await openClient(context, adminRole, adminPassword, database)
  try {
    const payload = JSON.stringify({ shard: 'shard-1', holdMs })
    await client.query('select pg_notify($1, $2)', [holdChannel, payload])
    if (holdMs === 0) return
    let quiet = 0
    for (const end = performance.now() + holdMs / 2; performance.now() < end; ) {
      const { rows } = await client.query<{ busy: number }>(countBusy, [database])
      quiet = rows[0]?.busy === 0 ? quiet + 1 : 0
      if (quiet === quietLooks) return
      await new Promise((resolve) => setTimeout(resolve, drainLookMs))
    }
  } finally {
    // Everybody waits by now, and the server is stopped next: its farewell is not waited for.
    void client.end().catch(() => {})
  }
}
