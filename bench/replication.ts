// What a member of the data tier takes to be copied, stopped, promoted and followed, on durable servers.
// usage: node bench/replication.ts [--rounds 5] [--mb 100,1000] [--postgres embedded]
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  confirmCommits,
  copyCluster,
  createCluster,
  findBinaries,
  findServer,
  followPrimary,
  freeAddress,
  promoteServer,
  proveDead,
  removeCluster,
  startServer,
  stopForHeir,
  writeRole,
} from '@banyan/control/postgres'
import { adminRole, ensureReplicator } from '@banyan/postgres'
import pg from 'pg'
import { percentile } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    mb: { type: 'string', default: '100,1000' },
    postgres: { type: 'string', default: 'embedded' },
  },
})
const rounds = Number(values.rounds)
const sizes = values.mb === '' ? [] : values.mb.split(',').map(Number)

const folder = await mkdtemp(join(tmpdir(), 'banyan-bench-'))
await chmod(folder, 0o711)
const binaries = await findBinaries(values.postgres)
const passwords = { adminPassword: 'of the bench', replicatorPassword: 'of the bench' }

type Node = Awaited<ReturnType<typeof describe>>
const nodes: Node[] = []

async function describe(name: string) {
  const nodeDirectory = join(folder, name)
  const { address, port } = await freeAddress(nodeDirectory)
  const logFile = join(folder, `${name}.log`)
  const place = { name, host: address, port }
  const size = { address, port, memoryMb: 512, cpus: 2 }
  return { binaries, nodeDirectory, logFile, place, ...size, ...passwords }
}

async function describeKept(name: string): Promise<Node> {
  const node = await describe(name)
  nodes.push(node)
  return node
}

async function connect({ place }: Node): Promise<pg.Client> {
  const { host, port } = place
  const options = { host, port, user: adminRole, password: passwords.adminPassword }
  const client = new pg.Client({ ...options, database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function ask(node: Node, sql: string): Promise<string> {
  const client = await connect(node)
  try {
    return String(Object.values((await client.query(sql)).rows[0] ?? {})[0])
  } finally {
    await client.end()
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

const summary = (times: number[]) => ({
  medianMs: Math.round(percentile(times, 0.5)),
  worstMs: Math.round(Math.max(...times)),
})

async function startReplica(node: Node, primary: Node): Promise<void> {
  await writeRole(node.nodeDirectory, { kind: 'replica', of: primary.place }, passwords)
  await startServer(node)
}

async function untilFollowing(node: Node, primary: Node): Promise<void> {
  const lsn = await ask(primary, 'select pg_current_wal_lsn()::text')
  const sql = `select pg_last_wal_replay_lsn() >= '${lsn}'`
  while ((await ask(node, sql)) !== 'true') await sleep(10)
}

async function makePrimary(): Promise<Node> {
  const node = await describeKept('db-1')
  await createCluster(node)
  await writeRole(
    node.nodeDirectory,
    { kind: 'primary', confirming: { kind: 'nobody' } },
    passwords,
  )
  await startServer(node)
  const admin = await connect(node)
  await ensureReplicator(admin, passwords.replicatorPassword)
  await admin.query('create table t (id bigint, text text)')
  await admin.end()
  return node
}

/** A copy that is thrown away. */
async function copyTimes(primary: Node, times: number) {
  const taken: number[] = []
  for (let at = 0; at < times; at += 1) {
    const node = await describe('db-9')
    const bytesPerSecondMax = Number.POSITIVE_INFINITY
    taken.push(
      await timed(() => copyCluster({ ...node, from: sourceOf(primary), bytesPerSecondMax })),
    )
    await removeCluster(node.nodeDirectory)
  }
  return summary(taken)
}

const sourceOf = ({ place, nodeDirectory }: Node) => ({ place, nodeDirectory, ...passwords })

async function fill(primary: Node, mb: number): Promise<void> {
  const rows = Math.round((mb * 1_000_000) / 1_060)
  await ask(
    primary,
    `insert into t select i, repeat(md5(i::text), 32) from generate_series(1, ${rows}) i`,
  )
  await ask(primary, 'checkpoint')
}

/** Switchovers from one to the other: the old one is stopped in order, and follows. */
async function switchovers(first: Node, second: Node, third: Node) {
  const [stops, promotions, pauses]: [number[], number[], number[]] = [[], [], []]
  let [old, heir] = [first, second]
  for (let at = 0; at < rounds; at += 1) {
    await dirty(old)
    await ask(old, 'checkpoint')
    const begun = performance.now()
    stops.push(await timed(() => stopForHeir({ ...old, heir: heir.place.name })))
    promotions.push(await timed(() => promote(heir, old, third)))
    await followPrimary(third.nodeDirectory, heir.place, passwords)
    await ask(heir, 'insert into t values (1) returning 1')
    pauses.push(performance.now() - begun)
    await startReplica(old, heir)
    for (const one of [old, third]) await untilFollowing(one, heir)
    ;[old, heir] = [heir, old]
  }
  return {
    primary: old,
    other: heir,
    stop: summary(stops),
    promote: summary(promotions),
    firstConfirmedCommit: summary(pauses),
  }
}

const promote = (heir: Node, old: Node, third: Node) =>
  promoteServer({
    ...heir,
    confirming: { kind: 'any', quorum: 1, names: [third.place.name] },
    followers: [old.place.name, third.place.name],
  })

async function dirty(node: Node): Promise<void> {
  await ask(node, 'insert into t select i, md5(i::text) from generate_series(1, 20000) i')
}

/** From the death of the primary to a commit that a follower of the promoted one has. */
async function failover(old: Node, heir: Node, third: Node) {
  await dirty(old)
  const begun = performance.now()
  const fenced = await timed(() => proveDead(old.nodeDirectory))
  const promoted = await timed(() => promote(heir, old, third))
  await followPrimary(third.nodeDirectory, heir.place, passwords)
  await ask(heir, 'insert into t values (1) returning 1')
  const wholeMs = performance.now() - begun
  return {
    fenceMs: Math.round(fenced),
    promoteMs: Math.round(promoted),
    wholeMs: Math.round(wholeMs),
  }
}

/** Processor time of a replica whose primary is away: the server, and the receivers that it starts in vain. */
async function searching(replica: Node): Promise<number> {
  const { pid } = (await findServer(replica.nodeDirectory)) ?? { pid: 0 }
  const seconds = 5
  const before = await ticksOf(pid)
  await sleep(seconds * 1_000)
  return ((await ticksOf(pid)) - before) / seconds
}

/** In hundredths of a second, with the children that have ended: percent of a processor per second. */
async function ticksOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}

try {
  const primary = await makePrimary()
  const copyEmpty = await copyTimes(primary, rounds)
  const [second, third] = [await describeKept('db-2'), await describeKept('db-3')]
  for (const node of [second, third]) {
    await copyCluster({ ...node, from: sourceOf(primary) })
    await startReplica(node, primary)
    await untilFollowing(node, primary)
  }
  const confirming = { kind: 'any', quorum: 1, names: ['db-2', 'db-3'] } as const
  const confirmMs = Math.round(await timed(() => confirmCommits({ ...primary, confirming })))
  const switched = await switchovers(primary, second, third)
  const { primary: last, other, ...switchover } = switched
  await confirmCommits({ ...last, confirming: { ...confirming, names: [other.place.name] } })
  const killed = await failover(last, other, third)
  await proveDead(other.nodeDirectory)
  const searchingCpuPercent = await searching(third)
  await proveDead(third.nodeDirectory)
  await writeRole(
    other.nodeDirectory,
    { kind: 'primary', confirming: { kind: 'nobody' } },
    passwords,
  )
  await startServer(other)
  const copies: Record<string, unknown> = {}
  let filled = 0
  for (const mb of sizes) {
    await fill(other, mb - filled)
    filled = mb
    copies[`of${mb}Mb`] = await copyTimes(other, mb > 500 ? 1 : 3)
  }
  console.log(
    JSON.stringify({
      copy: { empty: copyEmpty, ...copies },
      confirmMs,
      switchover,
      failover: killed,
      searchingCpuPercent,
    }),
  )
} finally {
  for (const node of nodes) await removeCluster(node.nodeDirectory).catch(() => {})
  await rm(folder, { recursive: true, force: true })
}
