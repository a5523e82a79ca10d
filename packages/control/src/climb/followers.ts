import { setTimeout as sleep } from 'node:timers/promises'
import { findRungs } from '@banyan/model'
import { adminRole, watcherName } from '@banyan/postgres'
import { connectionsOf, processesWith } from '../sites/proc.ts'
import { type Context, databaseName } from './context.ts'
import { type FoundSession, type ServiceProcess, stayingBehind } from './staying.ts'
import { placeOfPrimary, withClient } from './with-client.ts'

/** From these rungs on the database is at another address than it was, sooner or later. */
const moving = ['split', 'replicated']

const againMs = 1_000

const sessionsSql = `select client_port as port, application_name like $2 as watches,
    application_name not like 'banyan %' and usename <> $3 as own
  from pg_stat_activity where backend_type = 'client backend' and datname = $1`

/**
 * Why the database cannot move: processes of the app reach it by a driver that knows one address. Each
 * process that uses `data`, or the `Pool` of `banyan/pg`, watches who takes the writes.
 */
export async function unableToFollow(
  context: Context,
  rungs: readonly string[],
): Promise<string[]> {
  const { topology, system } = context
  const isNew = findRungs(rungs).some(
    ({ name }) => moving.includes(name) && !topology.rungs.includes(name),
  )
  if (!isNew || system.data === null || system.data.url !== null) return []
  const first = await look(context)
  if (first.own === 0) return []
  // One that has just begun watches a moment after it has connected.
  const { sessions, staying, own } = first.staying.size === 0 ? first : await lookAgain(context)
  if (staying.size > 0) return [...staying].map(([service, count]) => sayStaying(service, count))
  if (own === 0) return []
  // Where nobody can tell whose sessions these are, one that follows speaks for all.
  return sessions.some(({ watches }) => watches) ? [] : [sayStaying('The app', own)]
}

async function look(context: Context) {
  const sessions = await findSessions(context)
  const own = sessions.filter((session) => session.own).length
  const processes = own === 0 ? [] : await findProcesses(context)
  return { sessions, own, staying: stayingBehind(sessions, processes) }
}

async function lookAgain(context: Context) {
  await sleep(againMs)
  return await look(context)
}

async function findSessions(context: Context): Promise<readonly FoundSession[]> {
  const { system, secrets } = context
  const values = [databaseName(system), `${watcherName}%`, adminRole]
  return await withClient(
    context,
    adminRole,
    secrets.adminPassword,
    'postgres',
    async (client) => (await client.query<FoundSession>(sessionsSql, values)).rows,
  )
}

async function findProcesses(context: Context): Promise<readonly ServiceProcess[]> {
  const place = placeOfPrimary(context)
  const found = context.topology.nodes.map(async ({ name, service }) => {
    if (service === undefined) return []
    const pids = await processesWith('BANYAN_NODE', name)
    return (await connectionsOf(pids, place)).map((ports) => ({ service, ports }))
  })
  return (await Promise.all(found)).flat()
}

const sayStaying = (who: string, count: number): string => {
  const sessions = count === 1 ? '1 session' : `${count} sessions`
  const they = count === 1 ? 'it' : 'none of them'
  const verb = count === 1 ? 'would not follow' : 'would follow'
  return `${who} keeps ${sessions} with the database, and ${they} ${verb} it to another address: take \`Pool\` from banyan/pg in place of its driver's ("banyan doctor --rung split" lists where), release that, and ask again.`
}
