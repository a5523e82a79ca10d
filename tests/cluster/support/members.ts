import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  type Binaries,
  createCluster,
  dataDirectoryOf,
  findBinaries,
  freeAddress,
  proveDead,
  removeCluster,
  startServer,
} from '@banyan/control/postgres'
import type { RuntimeFile, RuntimeMember } from '@banyan/model'
import { adminRole, type Catalog, catalogChannel, holdChannel, parseLsn } from '@banyan/postgres'
import pg from 'pg'
import { accountOf } from '../../../packages/control/src/engines/postgres/account.ts'
import { writeConfiguration } from '../../../packages/control/src/engines/postgres/configuration.ts'
import {
  readNodeFile,
  writeNodeFile,
} from '../../../packages/control/src/engines/postgres/node-file.ts'
import { processesIn } from '../../../packages/control/src/engines/postgres/processes.ts'
import { createTestDatabase, type TestDatabase } from '../../../packages/testing/src/database.ts'
import { type RuntimeFileOptions, runtimeFile } from '../../../packages/testing/src/runtime-file.ts'
import { onDeath } from '../../../packages/testing/src/watchdog.ts'

/**
 * A small cluster of real servers for tests: one primary and its replicas on loopback addresses of
 * their own. Nobody watches over it: tests kill, freeze, promote and follow as they want.
 */

export type MembersOptions = {
  /** Default 2. */
  readonly replicas?: number
  /** Whether commits wait for one of the replicas. Default true. */
  readonly synchronous?: boolean
  /** Settings of every member. */
  readonly settings?: Readonly<Record<string, string>>
  /** Settings of members that were made as replicas: `recovery_min_apply_delay`, for one. */
  readonly replicaSettings?: Readonly<Record<string, string>>
  /** `embedded` (default), `distribution`, or a folder. */
  readonly binaries?: string
}

/** A member, whether it runs or not. */
export type TestMember = RuntimeMember & {
  /** For the superuser, on the database of the test. */
  readonly adminUrl: string
  /** For `banyan_app`. */
  readonly appUrl: string
  readonly nodeDirectory: string
  readonly logFile: string
}

type Kept = {
  readonly name: string
  readonly nodeDirectory: string
  readonly logFile: string
  readonly address: string
  readonly port: number
  readonly own: Readonly<Record<string, string>>
  role: Record<string, string>
}

const fast = {
  fsync: 'off',
  full_page_writes: 'off',
  wal_keep_size: '1GB',
  wal_retrieve_retry_interval: '100ms',
  wal_receiver_status_interval: '1s',
  hot_standby_feedback: 'on',
}

/**
 * Starts a primary `db-1` and replicas `db-2`, `db-3`, … that follow it, with a database as a system
 * gets it. Stop it in `after`.
 *
 * @example
 * const cluster = await startMembers({ replicas: 2, synchronous: true })
 * after(() => cluster.stop())
 * await cluster.kill('db-1')
 * await cluster.promote('db-2')
 */
export async function startMembers(options: MembersOptions = {}): Promise<TestMembers> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-members-'))
  await chmod(directory, 0o711)
  const cluster = new TestMembers(directory, await findBinaries(options.binaries ?? 'embedded'), {
    replicas: 2,
    synchronous: true,
    settings: {},
    replicaSettings: {},
    binaries: 'embedded',
    ...options,
  })
  try {
    await cluster.launch()
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

export class TestMembers {
  /** The largest term that was written. */
  term = 1
  /** The member that takes writes as far as this helper has made it so. */
  primary = 'db-1'
  catalogVersion = 1
  readonly #directory: string
  readonly #binaries: Binaries
  readonly #options: Required<MembersOptions>
  readonly #kept = new Map<string, Kept>()
  readonly #adminPassword = randomBytes(8).toString('hex')
  readonly #dogs: { dismiss(): void }[] = []
  #database: TestDatabase | null = null

  constructor(directory: string, binaries: Binaries, options: Required<MembersOptions>) {
    this.#directory = directory
    this.#binaries = binaries
    this.#options = options
  }

  get members(): TestMember[] {
    return [...this.#kept.keys()].map((name) => this.member(name))
  }

  /** The database that every member has. */
  get database(): TestDatabase {
    if (this.#database === null) throw new Error('The members have not been launched.')
    return this.#database
  }

  member(name: string): TestMember {
    const { address: host, port, nodeDirectory, logFile } = this.#keep(name)
    const at = (url: string): string => {
      const made = new URL(url)
      made.hostname = host
      made.port = String(port)
      return made.href
    }
    const { adminUrl, appUrl } = this.database
    return { name, host, port, nodeDirectory, logFile, adminUrl: at(adminUrl), appUrl: at(appUrl) }
  }

  /** The file that `BANYAN_SYSTEM` names, listing the given members, or all of them. */
  runtimeFile(
    names: readonly string[] = [...this.#kept.keys()],
    options: Omit<RuntimeFileOptions, 'url'> = {},
  ): RuntimeFile {
    const file = runtimeFile({ ...options, url: this.member(this.primary).appUrl })
    const members = names.map((name) => {
      const { host, port } = this.member(name)
      return { name, host, port }
    })
    return { ...file, shards: file.shards.map((shard) => ({ ...shard, name: 'shard-1', members })) }
  }

  async launch(): Promise<void> {
    const first = await this.#describe('db-1', {})
    await createCluster({ ...this.#server(first), adminPassword: this.#adminPassword })
    await this.#guard(first)
    await this.start('db-1')
    this.#database = await createTestDatabase(this.#adminUrl(first, 'postgres'))
    for (let number = 2; number <= this.#options.replicas + 1; number += 1) {
      await this.add(`db-${number}`)
    }
    if (this.#options.synchronous) await this.confirm(this.#replicas())
  }

  /** Makes another replica of the primary by a low-level base backup, and starts it. */
  async add(name: string): Promise<void> {
    const kept = await this.#describe(name, this.#options.replicaSettings)
    await this.#copy(this.#keep(this.primary), kept)
    kept.role = this.#following(this.primary, name)
    await this.start(name)
    await this.untilStreaming(name)
  }

  /** Starts a member that does not run, in the role that it had. Processes left of it are ended. */
  async start(name: string): Promise<void> {
    const kept = this.#keep(name)
    await startServer({ ...this.#server(kept), logFile: kept.logFile })
  }

  /** SIGKILL for every process of it; returns when none is left. */
  async kill(name: string): Promise<void> {
    await proveDead(this.#keep(name).nodeDirectory)
  }

  async runs(name: string): Promise<boolean> {
    return (await processesIn(await dataDirectoryOf(this.#keep(name).nodeDirectory))).length > 0
  }

  /** SIGSTOP for every process of it: its port accepts, and nothing answers. */
  async freeze(name: string): Promise<void> {
    await this.#signal(name, 'SIGSTOP')
  }

  /** The opposite of `freeze`. */
  async thaw(name: string): Promise<void> {
    await this.#signal(name, 'SIGCONT')
  }

  /**
   * Makes a replica the primary: it leaves recovery, the other replicas that answer follow it, its
   * commits wait for one of them if they did before, and a larger term is written. Whether the old
   * primary is dead is the caller's business. `term: null` writes none.
   */
  async promote(
    name: string,
    { term = this.term + 1, follow = true }: { term?: number | null; follow?: boolean } = {},
  ): Promise<void> {
    const kept = this.#keep(name)
    const old = this.primary
    kept.role = {}
    await this.#configure(kept)
    await this.query(name, 'select pg_promote(true, 30)')
    const others: string[] = []
    for (const other of this.#replicas()) {
      if (other !== name && other !== old && (await this.runs(other))) others.push(other)
    }
    this.primary = name
    if (follow) for (const other of others) await this.follow(other, name)
    if (term !== null) await this.writeTerm(name, term)
    if (follow && this.#options.synchronous) await this.confirm(others)
  }

  /** Of the replicas that run, now that the primary is dead: the one that has the most, so that all others can follow it. */
  async heir(): Promise<string> {
    const ends: { name: string; lsn: bigint }[] = []
    for (const name of this.#replicas()) {
      if (name === this.primary || !(await this.runs(name))) continue
      const receiving = async () =>
        await this.value(name, 'select count(*) from pg_stat_wal_receiver')
      await until(async () => Number(await receiving()) === 0, `${name} hears of the death`)
      const end = 'select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text'
      ends.push({ name, lsn: parseLsn(String(await this.value(name, end))) })
    }
    const [first] = ends.sort((a, b) => (a.lsn > b.lsn ? -1 : 1))
    if (first === undefined) throw new Error('No replica runs.')
    return first.name
  }

  /** Writes the term of a member's reign. */
  async writeTerm(name: string, term: number): Promise<void> {
    this.term = Math.max(this.term, term)
    await this.query(name, 'update banyan.term set term = $1, node = $2', [term, name])
  }

  /** A replica follows another member from now on, without a restart. */
  async follow(name: string, primary: string): Promise<void> {
    const kept = this.#keep(name)
    kept.role = this.#following(primary, name)
    await this.#configure(kept)
  }

  /** A member that does not run is copied anew from the primary, and follows it. */
  async rebuild(name: string): Promise<void> {
    const kept = this.#keep(name)
    await removeCluster(kept.nodeDirectory)
    await this.#copy(this.#keep(this.primary), kept)
    kept.role = this.#following(this.primary, name)
    await this.start(name)
    await this.untilStreaming(name)
  }

  /** The primary's commits wait for one of these; for nobody when there are none. */
  async confirm(names: readonly string[]): Promise<void> {
    const kept = this.#keep(this.primary)
    const list = names.map((name) => `"${name}"`).join(', ')
    const wanted = names.length === 0 ? '' : `ANY 1 (${list})`
    kept.role = { synchronous_standby_names: wanted }
    await this.#configure(kept)
    while ((await this.value(this.primary, 'show synchronous_standby_names')) !== wanted) {
      await sleep(5)
    }
  }

  /** Changes settings of a member by a reload. */
  async set(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const kept = this.#keep(name)
    Object.assign(kept.role, settings)
    await this.#configure(kept)
  }

  /** Writes a version of the catalog that lists these members, and announces it. */
  async writeCatalog(names: readonly string[] = [...this.#kept.keys()]): Promise<number> {
    this.catalogVersion += 1
    const members = names.map((name) => {
      const { host, port } = this.member(name)
      return { name, host, port }
    })
    const shards: Catalog['shards'] = [{ name: 'shard-1', members }]
    await this.query(
      this.primary,
      `with written as (
         insert into banyan.catalog (version, shards) values ($1, $2)
         on conflict (one) do update set version = excluded.version, shards = excluded.shards
         returning version)
       select pg_notify('${catalogChannel}', version::text) from written`,
      [this.catalogVersion, JSON.stringify(shards)],
    )
    return this.catalogVersion
  }

  /** Asks the processes of the app to hold, as control does before a switchover. */
  async hold(holdMs: number): Promise<void> {
    const payload = JSON.stringify({ shard: 'shard-1', holdMs })
    await this.query(this.primary, `select pg_notify('${holdChannel}', $1)`, [payload])
  }

  async untilStreaming(name: string): Promise<void> {
    const sql = `select count(*)::int as n from pg_stat_replication
      where application_name = $1 and state = 'streaming'`
    await until(async () => (await this.value(this.primary, sql, [name])) === 1, `${name} streams`)
  }

  /** Returns once a replica has replayed everything that the primary has written by now. */
  async untilReplayed(name: string): Promise<void> {
    const lsn = await this.value(this.primary, 'select pg_current_wal_lsn()::text')
    const sql = 'select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)'
    await until(async () => (await this.value(name, sql, [lsn])) === true, `${name} catches up`)
  }

  /** One statement as the superuser, in the database of the test. */
  async query(name: string, text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const client = await this.connect(name)
    try {
      return await client.query(text, values)
    } finally {
      await client.end()
    }
  }

  /** The first column of the first row. */
  async value(name: string, text: string, values: unknown[] = []): Promise<unknown> {
    return Object.values((await this.query(name, text, values)).rows[0] ?? {})[0]
  }

  /** A connection as the superuser; end it. */
  async connect(name: string): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#adminUrl(this.#keep(name), this.#database?.name ?? 'postgres'),
      connectionTimeoutMillis: 5_000,
    })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  /** Ends every server and deletes everything. */
  async stop(): Promise<void> {
    for (const { nodeDirectory } of this.#kept.values()) {
      await proveDead(nodeDirectory)
      await removeCluster(nodeDirectory)
    }
    await rm(this.#directory, { recursive: true, force: true })
    for (const dog of this.#dogs) dog.dismiss()
  }

  #keep(name: string): Kept {
    const kept = this.#kept.get(name)
    if (kept !== undefined) return kept
    throw new Error(`There is no member ${name}, only ${[...this.#kept.keys()].join(', ')}.`)
  }

  #replicas(): string[] {
    return [...this.#kept.keys()].filter((name) => name !== this.primary)
  }

  async #describe(name: string, own: Readonly<Record<string, string>>): Promise<Kept> {
    const nodeDirectory = join(this.#directory, name)
    const { address, port } = await freeAddress(nodeDirectory)
    const logFile = join(this.#directory, `${name}.log`)
    const kept: Kept = { name, nodeDirectory, logFile, address, port, own, role: {} }
    this.#kept.set(name, kept)
    return kept
  }

  #server({ nodeDirectory, address, port, own, role }: Kept) {
    const settings = { ...fast, ...this.#options.settings, ...own, ...role }
    const size = { memoryMb: 128, cpus: 1, settings, durable: false }
    return { binaries: this.#binaries, nodeDirectory, address, port, ...size }
  }

  #adminUrl({ address, port }: Kept, database: string): string {
    return `postgres://${adminRole}:${this.#adminPassword}@${address}:${port}/${database}`
  }

  #following(primary: string, name: string): Record<string, string> {
    const { address, port } = this.#keep(primary)
    const words = {
      host: address,
      port,
      user: adminRole,
      password: this.#adminPassword,
      dbname: 'postgres',
      application_name: name,
      connect_timeout: 2,
    }
    const conninfo = Object.entries(words).map(([word, value]) => `${word}=${value}`)
    return { primary_conninfo: conninfo.join(' ') }
  }

  /** Writes the settings of a running member and has it read them. */
  async #configure(kept: Kept): Promise<void> {
    const dataDirectory = await dataDirectoryOf(kept.nodeDirectory)
    const account = await accountOf(dataDirectory)
    await writeConfiguration(dataDirectory, account, this.#server(kept))
    const [pid] = (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGHUP')
  }

  async #copy(from: Kept, to: Kept): Promise<void> {
    const source = await dataDirectoryOf(from.nodeDirectory)
    const account = await accountOf(source)
    const target = join(to.nodeDirectory, 'data')
    await mkdir(to.nodeDirectory, { recursive: true })
    const client = await this.connect(from.name)
    try {
      await client.query(`select pg_backup_start('${to.name}', true)`)
      await copyFiles(source, target)
      const { rows } = await client.query('select labelfile from pg_backup_stop(false)')
      await writeFile(join(target, 'backup_label'), rows[0].labelfile, { mode: 0o600 })
      await writeFile(join(target, 'standby.signal'), '', { mode: 0o600 })
    } finally {
      await client.end()
    }
    if (account !== null) {
      for (const file of ['backup_label', 'standby.signal']) {
        await chown(join(target, file), account.uid, account.gid)
      }
    }
    const node = await readNodeFile(from.nodeDirectory)
    if (node === null) throw new Error(`${from.nodeDirectory} has no node.json.`)
    await writeNodeFile(to.nodeDirectory, { ...node, dataDirectory: 'data' }, false)
    await this.#guard(to)
  }

  /** Should the test process die first, the server goes with it. */
  async #guard({ nodeDirectory }: Kept): Promise<void> {
    const dataDirectory = await dataDirectoryOf(nodeDirectory)
    const script =
      'p="$(head -n 1 "$1/postmaster.pid")"; kill -CONT "$p"; kill -QUIT "$p"; sleep 1; rm -rf "$1" "$2"'
    this.#dogs.push(onDeath(script, dataDirectory, dirname(nodeDirectory)))
  }

  async #signal(name: string, signal: NodeJS.Signals): Promise<void> {
    const dataDirectory = await dataDirectoryOf(this.#keep(name).nodeDirectory)
    for (const pid of await processesIn(dataDirectory)) {
      try {
        process.kill(pid, signal)
      } catch (error) {
        // It has ended since it was looked for.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }
}

/** Everything but what a running server keeps for itself, as the manual lists it. */
async function copyFiles(source: string, target: string): Promise<void> {
  const run = promisify(execFile)
  await run('cp', ['-a', source, target]).catch((error: { stderr?: string }) => {
    // Files that vanish meanwhile are normal; the WAL brings back what matters.
    if (!/No such file or directory/.test(error.stderr ?? '')) throw error
  })
  for (const file of ['postmaster.pid', 'postmaster.opts', 'standby.signal']) {
    await rm(join(target, file), { force: true })
  }
  await run('sh', ['-c', 'rm -rf "$1"/pg_replslot/* "$1"/pg_wal/0*', 'sh', target])
}

/** Waits until something holds, and fails with what it was after 20 s. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited for ${timeoutMs} ms: ${what}.`)
    await sleep(10)
  }
}
