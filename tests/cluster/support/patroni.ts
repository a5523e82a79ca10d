import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { makeHosts, noHosts, type TestNetwork } from './hosts.ts'
import { binariesOfDebian, memberFile } from './patroni-files.ts'

const exec = promisify(execFile)
/** Of every role. */
export const password = 'only-for-this-test'

/** A member as Patroni's REST API lists it. */
export type PatroniMember = {
  readonly name: string
  readonly role: string
  readonly state: string
  readonly host: string
  readonly timeline?: number
  readonly lag?: number | string
}

/** A real Patroni cluster: every member and every etcd on a host of its own. */
export type PatroniCluster = {
  readonly network: TestNetwork
  readonly folder: string
  /** `pg-1` … */
  readonly members: readonly string[]
  /** `etcd-1` … */
  readonly stores: readonly string[]
  /** Of one member, for the superuser unless another role is named. All roles have one password. */
  urlOf(member: string, user?: string): string
  /** With every member in it, as an app would write it. */
  urlOfAll(user: string): string
  addressOf(member: string): string
  /** What the cluster says of itself, asked of whichever member answers; null when none does. */
  list(): Promise<readonly PatroniMember[] | null>
  /** The member that holds the lock and runs as primary, or null. */
  leader(): Promise<string | null>
  /** Waits until one leads, all the others stream and, where commits wait, one of them confirms. */
  whole(timeoutMs?: number): Promise<string>
  /** What each member is, whom it sends to, and what it said last. */
  explain(): Promise<string>
  /** Power off: the member's PostgreSQL and Patroni are gone, and nobody is told. */
  powerOff(member: string): Promise<void>
  /** Power on, and Patroni is started. */
  powerOn(member: string): Promise<void>
  /** Neither the other members nor etcd hear it, or are heard; clients still reach it. */
  cutOff(member: string): Promise<void>
  heal(): Promise<void>
  /** The process of Patroni itself on a member's host. */
  patroniOf(member: string): Promise<number>
  /** Ends it with SIGKILL and starts another one; the member's PostgreSQL runs on meanwhile. */
  restartPatroni(member: string): Promise<void>
  patronictl(...words: string[]): Promise<string>
  /** What Patroni and PostgreSQL of a member wrote. */
  log(host: string): Promise<string>
  stop(): Promise<void>
}

/** Why there can be no such cluster here, or false. */
export const noPatroni = (): string | false => {
  if (process.platform !== 'linux') return noHosts()
  const programs = { '/usr/bin/patroni': 'patroni', '/usr/bin/etcd': 'etcd-server' }
  for (const [path, name] of Object.entries(programs)) {
    if (!existsSync(path)) return `needs ${name}: apt-get install ${name}`
  }
  if (binariesOfDebian() === null) return 'needs postgresql: apt-get install postgresql'
  return noHosts()
}

/**
 * Starts three etcd and three Patroni members, each on a host of its own, and waits until one leads and
 * two stream. `bootstrap` is that section of Patroni's file: the profile of the guide, or the defaults.
 */
export async function startPatroni(bootstrap: string): Promise<PatroniCluster> {
  const members = ['pg-1', 'pg-2', 'pg-3']
  const stores = ['etcd-1', 'etcd-2', 'etcd-3']
  const folder = await mkdtemp(join(tmpdir(), 'banyan-patroni-'))
  const network = await makeHosts([...members, ...stores]).catch(async (error) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const synchronous = bootstrap.includes('synchronous_mode: true')
  const cluster = clusterOn(network, folder, { members, stores, synchronous })
  try {
    await chmod(folder, 0o755)
    for (const store of stores) await startStore(network, folder, store, stores)
    for (const member of members) {
      await prepareMember(network, folder, member, stores, bootstrap)
      startMember(network, folder, member)
    }
    await cluster.whole(90_000)
    return cluster
  } catch (error) {
    const logs = await Promise.all([...members, ...stores].map((name) => cluster.log(name)))
    await cluster.stop()
    throw new Error(`${String(error)}\n${logs.map((text) => text.slice(-1500)).join('\n---\n')}`)
  }
}

function clusterOn(
  network: TestNetwork,
  folder: string,
  shape: { members: readonly string[]; stores: readonly string[]; synchronous: boolean },
): PatroniCluster {
  const { members, stores, synchronous } = shape
  const addressOf = (member: string) => network.host(member).address
  const urlFor = (user: string, names: readonly string[]): string => {
    const places = names.map((name) => `${addressOf(name)}:5432`)
    return `postgres://${user}:${password}@${places.join(',')}/postgres`
  }
  const list = async (): Promise<readonly PatroniMember[] | null> => {
    const asked = members.map(async (member) => {
      const signal = AbortSignal.timeout(1_500)
      const response = await fetch(`http://${addressOf(member)}:8008/cluster`, { signal })
      return ((await response.json()) as { members: PatroniMember[] }).members
    })
    return await Promise.any(asked).catch(() => null)
  }
  const following = async (name: string): Promise<Following> => {
    const client = new pg.Client({
      connectionString: urlFor('postgres', [name]),
      connectionTimeoutMillis: 1_500,
      query_timeout: 1_500,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      const sql = `select count(*)::int as streaming, count(*) filter (where sync_state = 'sync')::int as confirming
        from pg_stat_replication where state = 'streaming'`
      return (await client.query<Following>(sql)).rows[0] ?? nobody
    } catch {
      return nobody
    } finally {
      void client.end().catch(() => {})
    }
  }
  /** What each member is, sends and last said: why a cluster is not whole. */
  const explain = async (): Promise<string> => {
    const sql = `select pg_is_in_recovery() as follows, current_setting('synchronous_standby_names') as names,
      (select json_agg(json_build_object('who', application_name, 'state', state, 'sync', sync_state))
         from pg_stat_replication) as sends`
    const said = members.map(async (name) => {
      const state = await askOnce(urlFor('postgres', [name]), sql).catch(String)
      const log = await readFile(join(folder, `${name}.log`), 'utf8').catch(() => '')
      const told = log.split('\n').filter((line) => !/no action\. I am|Lock owner: /.test(line))
      return `${name}: ${JSON.stringify(state)}\n${told.slice(-60).join('\n')}`
    })
    return (await Promise.all(said)).join('\n\n')
  }
  const leader = async (): Promise<string | null> => {
    const asked = members.map(async (member) => {
      const signal = AbortSignal.timeout(1_500)
      const response = await fetch(`http://${addressOf(member)}:8008/primary`, { signal })
      if (response.status !== 200) throw new Error(`${member} is not the primary`)
      return member
    })
    return await Promise.any(asked).catch(() => null)
  }
  const cluster: PatroniCluster = {
    network,
    folder,
    members,
    stores,
    urlOf: (member, user = 'postgres') => urlFor(user, [member]),
    urlOfAll: (user) => urlFor(user, members),
    addressOf,
    list,
    leader,
    whole: async (timeoutMs = 180_000) =>
      await untilWhole(
        { list, following, explain },
        { size: members.length, synchronous },
        timeoutMs,
      ),
    explain,
    powerOff: async (member) => await network.host(member).powerOff(),
    powerOn: async (member) => {
      await network.host(member).powerOn()
      startMember(network, folder, member)
    },
    cutOff: async (member) =>
      await network.cut(
        member,
        [...members, ...stores].filter((name) => name !== member),
      ),
    heal: async () => await network.heal(),
    patroniOf: async (member) => await findPatroni(network, member),
    restartPatroni: async (member) => {
      process.kill(await findPatroni(network, member), 'SIGKILL')
      startMember(network, folder, member)
    },
    patronictl: async (...words) => {
      const config = join(folder, members[0] ?? '', 'patroni.yml')
      return (await exec('/usr/bin/patronictl', ['-c', config, ...words])).stdout
    },
    log: async (host) => await readFile(join(folder, `${host}.log`), 'utf8').catch(() => ''),
    stop: async () => {
      await network.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return cluster
}

async function askOnce(connectionString: string, sql: string): Promise<unknown> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: 1_500,
    query_timeout: 1_500,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(sql)).rows[0]
  } finally {
    void client.end().catch(() => {})
  }
}

async function findPatroni(network: TestNetwork, member: string): Promise<number> {
  for (const pid of await network.host(member).pids()) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes('/usr/bin/patroni\0')) return pid
  }
  throw new Error(`no Patroni runs on the host of ${member}`)
}

/** How many follow a leader, as it knows itself, and how many of them confirm its commits. */
type Following = { readonly streaming: number; readonly confirming: number }

const nobody: Following = { streaming: 0, confirming: 0 }

/**
 * Patroni 3.0 may keep a stale revision of its key for the synchronous standby after it was frozen, and say
 * "updated by someone else" for ever (patroni/patroni#2779, mended by #2783). The server confirms all the same.
 */
const staleKeyMs = 20_000

async function untilWhole(
  ask: {
    list: PatroniCluster['list']
    following: (leader: string) => Promise<Following>
    explain: () => Promise<string>
  },
  wanted: { size: number; synchronous: boolean },
  timeoutMs: number,
): Promise<string> {
  const began = performance.now()
  const deadline = began + timeoutMs
  let seen: readonly PatroniMember[] | null = null
  while (performance.now() < deadline) {
    seen = await ask.list()
    const leader = seen?.find(({ role }) => role === 'leader')
    const following = seen?.filter((member) => isFollowing(member, leader)) ?? []
    const confirms = seen?.some(({ role }) => role === 'sync_standby') || !wanted.synchronous
    const others = wanted.size - 1
    if (leader?.state === 'running' && following.length === others) {
      // What Patroni says may be ten seconds old; the leader itself knows whom it sends to.
      const { streaming, confirming } = await ask.following(leader.name)
      const isStale = confirming > 0 && performance.now() - began > staleKeyMs
      if (streaming >= others && (confirms || isStale)) return leader.name
    }
    await sleep(300)
  }
  throw new Error(
    `The cluster is not whole after ${timeoutMs} ms: ${JSON.stringify(seen)}\n${await ask.explain()}`,
  )
}

/** PostgreSQL 15 under Patroni 3.0 says `running`; from 3.0.3 on `streaming`. */
function isFollowing(member: PatroniMember, leader: PatroniMember | undefined): boolean {
  const runs = member.state === 'running' || member.state === 'streaming'
  return runs && member.role !== 'leader' && member.timeline === leader?.timeline
}

async function startStore(
  network: TestNetwork,
  folder: string,
  name: string,
  all: readonly string[],
): Promise<void> {
  const host = network.host(name)
  const data = join(folder, name)
  await ownFolder(data, 'etcd')
  const peers = all.map((each) => `${each}=http://${network.host(each).address}:2380`)
  host.start('etcd', join(folder, `${name}.log`), [
    '/usr/bin/etcd',
    `--name=${name}`,
    `--data-dir=${data}/data`,
    `--listen-client-urls=http://${host.address}:2379`,
    `--advertise-client-urls=http://${host.address}:2379`,
    `--listen-peer-urls=http://${host.address}:2380`,
    `--initial-advertise-peer-urls=http://${host.address}:2380`,
    `--initial-cluster=${peers.join(',')}`,
    '--unsafe-no-fsync',
  ])
}

async function prepareMember(
  network: TestNetwork,
  folder: string,
  name: string,
  stores: readonly string[],
  bootstrap: string,
): Promise<void> {
  const own = join(folder, name)
  await ownFolder(own, 'postgres')
  const text = memberFile({
    scope: 'banyan',
    name,
    address: network.host(name).address,
    etcd: stores.map((store) => network.host(store).address),
    folder: own,
    password,
    bootstrap,
  })
  await writeFile(join(own, 'patroni.yml'), text)
}

function startMember(network: TestNetwork, folder: string, name: string): void {
  const command = ['/usr/bin/patroni', join(folder, name, 'patroni.yml')]
  network.host(name).start('postgres', join(folder, `${name}.log`), command)
}

async function ownFolder(path: string, user: string): Promise<void> {
  await mkdir(path, { recursive: true })
  const id = async (flag: string) => Number((await exec('id', [flag, user])).stdout)
  await chown(path, await id('-u'), await id('-g'))
}
