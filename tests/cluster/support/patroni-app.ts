import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuntimeFile } from '@banyan/model'
import { appRole, ownerRole, proofSql } from '@banyan/postgres'
import { proveApart, type Report } from '@banyan/prove'
import { runtimeFile } from '@banyan/testing'
import pg from 'pg'
import { type ServeProcess, startServe } from '../serve-process.ts'
import { eventually } from './banyan.ts'
import { type PatroniCluster, password } from './patroni.ts'

/** An app process on a list of hosts that somebody else looks after. */
export type FollowingApp = {
  readonly process: ServeProcess
  /** When it last went over to another member, in milliseconds since 1970; null: never. */
  changedAt(): number | null
  /** Writes one fact through the app's runtime; the time it was acknowledged, or null. */
  write(): Promise<number | null>
  /** The built-in scenario (registers, sets, accounts, lists) for as long as the work takes. */
  proveDuring(rate: number, seed: number, work: () => Promise<void>): Promise<Report>
  remove(): Promise<void>
}

/** What the prover works on, made as an owner would; the app's role only reads and writes it. */
async function makeTables(cluster: PatroniCluster, leader: string): Promise<void> {
  const client = new pg.Client({ connectionString: cluster.urlOf(leader) })
  await client.connect()
  try {
    await client.query(`create role ${ownerRole}`)
    await client.query(`create role ${appRole} login password '${password}'`)
    await client.query(proofSql)
    await client.query('create table referee (n bigserial primary key)')
  } finally {
    await client.end()
  }
}

/** The file that control writes for a service of an adopted database with several hosts. */
function fileFor(cluster: PatroniCluster, proveToken: string): RuntimeFile {
  const [first = ''] = cluster.members
  const file = runtimeFile({ url: cluster.urlOf(first, appRole), connectionsMax: 20 })
  const members = cluster.members.map((name) => ({
    name,
    host: cluster.addressOf(name),
    port: 5432,
  }))
  const shards = file.shards.map((shard) => ({
    ...shard,
    members,
    url: cluster.urlOf(first, appRole),
    foreign: true,
  }))
  return { ...file, shards, adopted: true, proveToken }
}

/** Nobody can write though the cluster is whole: what the app and each member say of it. */
async function sayWhy(cluster: PatroniCluster, app: ServeProcess): Promise<never> {
  const logs = app.logs().filter(({ level }) => level !== 'info')
  const changes = logs.filter(({ msg }) => msg === 'primary changed')
  const said = [...changes, ...logs.slice(-3)].map((line) => JSON.stringify(line))
  throw new Error(`The app writes to nobody.\n${said.join('\n')}\n${await cluster.explain()}`)
}

/** Starts a process with `serve` that follows the cluster by itself: no control is there to help it. */
export async function startFollowingApp(cluster: PatroniCluster): Promise<FollowingApp> {
  const leader = await cluster.whole()
  await makeTables(cluster, leader)
  const folder = await mkdtemp(join(tmpdir(), 'banyan-following-'))
  const token = randomBytes(16).toString('hex')
  const path = join(folder, 'system.json')
  await writeFile(path, JSON.stringify(fileFor(cluster, token)), { mode: 0o600 })
  const app = await startServe({ app: 'hono', env: { BANYAN_SYSTEM: path } })
  let written = 0
  const write = async (): Promise<number | null> => {
    written += 1
    // A row of its own: nobody waits for another one's lock.
    const fact = { kind: 'write', key: `probe-${written}`, value: written }
    const response = await fetch(`${app.url}/-/prove`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(fact),
      signal: AbortSignal.timeout(10_000),
    }).catch(() => null)
    const text = await response?.text().catch(() => null)
    return response?.ok && typeof text === 'string' ? performance.now() : null
  }
  return {
    process: app,
    changedAt: () => {
      const last = app.logs().findLast(({ msg }) => msg === 'primary changed')
      return last === undefined ? null : Date.parse(String(last.time))
    },
    write,
    proveDuring: async (rate, seed, work) => {
      const ending = new AbortController()
      let sent = 0
      const proof = proveApart({
        scenario: { kind: 'built-in', token },
        url: app.url,
        rate,
        seed,
        seconds: 3_600,
        signal: ending.signal,
        onProgress: (progress) => {
          sent = progress.sent
        },
      })
      try {
        await eventually(async () => (sent > rate ? true : null), 120_000)
        await work()
        // A member that follows may still have to let commits through, and what waits for them fills the pool.
        await eventually(write, 120_000).catch(async () => await sayWhy(cluster, app))
        // What the work did is seen by the load for a moment more.
        const before = sent
        await eventually(async () => (sent > before + 2 * rate ? true : null), 120_000)
      } finally {
        ending.abort()
      }
      return await proof
    },
    remove: async () => {
      await app[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
