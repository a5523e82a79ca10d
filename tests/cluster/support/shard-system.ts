import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ControlClient,
  type NodeStatus,
  type ShardStatus,
  type Status,
  statePaths,
} from '@banyan/control/api'
import { adminRole } from '@banyan/postgres'
import pg from 'pg'
import { eventually } from './banyan.ts'
import { type ClimbSystem, startClimbSystem } from './climbs.ts'
import { makeReleaseApp } from './release-app.ts'
import { assertDone, type ReleaseSystem } from './releases.ts'

/** A system whose database servers a test kills, freezes and moves. */

export type ShardSystemOptions = {
  /** Climbed to one after the other, from `single`. Default: balanced, split, replicated. */
  readonly rungs?: readonly string[]
  /** The field `data` of the config, besides migrations and tables: `lagBytesMax: 1` for one. */
  readonly data?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the app of releases, offers `/-/prove`, and climbs. What was started is ended also when it fails. */
export async function startShardSystem({
  rungs = ['balanced', 'split', 'replicated'],
  data = '',
  env = {},
}: ShardSystemOptions = {}): Promise<ReleaseSystem> {
  const app = await makeReleaseApp()
  let system: ClimbSystem | null = null
  const remove = async () => {
    await system?.remove()
    await app.remove()
  }
  try {
    await app.write('banyan.config.ts', configWith(data))
    system = await startClimbSystem({ config: app.config, words: ['--prove'], env })
    const { json } = system
    for (const rung of rungs) assertDone(await system.climb('grow', rung))
    return {
      app,
      system,
      release: async (...words) => await json('release', ...words),
      refused: async (...words) => (await json<{ error: never }>(...words)).error,
      undo: async () => await json('undo'),
      list: async () => await json('release', 'list'),
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

const configWith = (data: string) => `import { defineSystem } from 'banyan'

export default defineSystem({
  name: 'released',
  services: {
    web: { run: 'node src/web.ts', routes: ['/'], startTimeoutMs: 10_000, stopTimeoutMs: 8_000 },
  },
  data: {
    migrations: './migrations',
    tables: { notes: { by: 'user_id' }, entries: { by: 'user_id' } },
    ${data}
  },
  proof: './proof.ts',
})
`

/** What control says, without a command for it: asked often, that would be most of the load. */
export async function statusNow({ state }: ClimbSystem): Promise<Status> {
  const control = await ControlClient.find(statePaths(state))
  if (control === null) throw new Error('no control runs')
  return await control.status()
}

export function shardIn({ shards }: Status): ShardStatus {
  const [shard] = shards ?? []
  if (shard === undefined) throw new Error('status tells of no shard')
  return shard
}

export const membersIn = ({ nodes }: Status): readonly NodeStatus[] =>
  nodes.filter(({ tier }) => tier === 'data')

/** The system once nothing is missing: a primary, and every other member confirms and is well. */
export async function whole(system: ClimbSystem, timeoutMs = 60_000): Promise<Status> {
  let last: Status | null = null
  const found = await eventually(async () => {
    last = await statusNow(system)
    return isWhole(last) ? last : null
  }, timeoutMs).catch(() => null)
  if (found !== null) return found
  throw new Error(`it is not whole after ${timeoutMs} ms: ${JSON.stringify(last, null, 1)}`)
}

function isWhole(status: Status): boolean {
  const { primary, confirming } = shardIn(status)
  const others = membersIn(status)
    .map(({ name }) => name)
    .filter((name) => name !== primary)
  const isReplicated = status.rungs.includes('replicated')
  return (
    status.climb === null &&
    primary !== null &&
    status.nodes.every(({ health }) => health === 'healthy') &&
    (!isReplicated || others.every((name) => confirming.includes(name)))
  )
}

export async function primaryOf(system: ClimbSystem): Promise<string> {
  return await eventually(async () => shardIn(await statusNow(system)).primary)
}

/** Every process that works in a member's data directory: the postmaster, and its children. */
export async function processesOf(
  { state }: ClimbSystem,
  node: string,
): Promise<readonly number[]> {
  const directory = join(state, 'nodes', node, 'data')
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const folders = await Promise.all(
    pids.map(async (pid) => await readlink(`/proc/${pid}/cwd`).catch(() => '')),
  )
  return pids.filter((_pid, index) => folders[index] === directory)
}

/** Sends a signal to all of a member's processes, or to its postmaster alone; says to how many. */
export async function signalMember(
  system: ClimbSystem,
  node: string,
  signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT',
  whom: 'all' | 'postmaster' = 'all',
): Promise<number> {
  const pids = whom === 'all' ? await processesOf(system, node) : [await postmasterOf(system, node)]
  let reached = 0
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
      reached += 1
    } catch {
      // It has ended by itself meanwhile.
    }
  }
  return reached
}

async function postmasterOf({ state }: ClimbSystem, node: string): Promise<number> {
  const text = await readFile(join(state, 'nodes', node, 'data/postmaster.pid'), 'utf8')
  return Number(text.split('\n')[0])
}

/** Asks one member as its superuser, by itself. */
export async function askMember<Row extends pg.QueryResultRow>(
  system: ClimbSystem,
  node: string,
  sql: string,
): Promise<readonly Row[]> {
  const client = await connectToMember(system, node)
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** A session of the superuser on one member; whoever opened it ends it. */
export async function connectToMember(system: ClimbSystem, node: string): Promise<pg.Client> {
  const { adminPassword } = JSON.parse(await readFile(join(system.state, 'secrets.json'), 'utf8'))
  const { address } = membersIn(await statusNow(system)).find(({ name }) => name === node) ?? {}
  const [host = '', port = ''] = (address ?? '').split(':')
  const client = new pg.Client({
    ...{ host, port: Number(port), user: adminRole, password: adminPassword },
    ...{ database: 'released', connectionTimeoutMillis: 5_000, query_timeout: 60_000 },
  })
  client.on('error', () => {})
  await client.connect()
  return client
}
