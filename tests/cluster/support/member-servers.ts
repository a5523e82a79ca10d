import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type Binaries,
  dataDirectoryOf,
  freeAddress,
  proveDead,
  removeCluster,
  startServer,
} from '@banyan/control/postgres'
import pg from 'pg'
import { accountOf } from '../../../packages/control/src/engines/postgres/account.ts'
import { writeConfiguration } from '../../../packages/control/src/engines/postgres/configuration.ts'
import { processesIn } from '../../../packages/control/src/engines/postgres/processes.ts'
import type { TestDatabase } from '../../../packages/testing/src/database.ts'
import { onDeath } from '../../../packages/testing/src/watchdog.ts'
import { adminUrlOf, type Kept, serverOf } from './member-place.ts'

/** The servers of a small cluster: started, killed, frozen and asked by their names. */
export class MemberServers {
  protected readonly kept = new Map<string, Kept>()
  protected readonly adminPassword = randomBytes(8).toString('hex')
  protected made: TestDatabase | null = null
  readonly #directory: string
  readonly #binaries: Binaries
  readonly #settings: Readonly<Record<string, string>>
  readonly #dogs: { dismiss(): void }[] = []

  constructor(directory: string, binaries: Binaries, settings: Readonly<Record<string, string>>) {
    this.#directory = directory
    this.#binaries = binaries
    this.#settings = settings
  }

  /** The database that every member has. */
  get database(): TestDatabase {
    if (this.made === null) throw new Error('The members have not been launched.')
    return this.made
  }

  /** Starts a member that does not run, in the role that it had. Processes left of it are ended. */
  async start(name: string): Promise<void> {
    const kept = this.keep(name)
    await startServer({ ...this.server(kept), logFile: kept.logFile })
  }

  /** SIGKILL for every process of it; returns when none is left. */
  async kill(name: string): Promise<void> {
    await proveDead(this.keep(name).nodeDirectory)
  }

  async runs(name: string): Promise<boolean> {
    return (await processesIn(await dataDirectoryOf(this.keep(name).nodeDirectory))).length > 0
  }

  /** SIGSTOP for every process of it: its port accepts, and nothing answers. */
  async freeze(name: string): Promise<void> {
    await this.#signal(name, 'SIGSTOP')
  }

  /** The opposite of `freeze`. */
  async thaw(name: string): Promise<void> {
    await this.#signal(name, 'SIGCONT')
  }

  /** Changes settings of a member by a reload. */
  async set(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const kept = this.keep(name)
    Object.assign(kept.role, settings)
    await this.configure(kept)
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
    const database = this.made?.name ?? 'postgres'
    const client = new pg.Client({
      connectionString: adminUrlOf(this.keep(name), this.adminPassword, database),
      connectionTimeoutMillis: 5_000,
    })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  /** Ends every server and deletes everything. */
  async stop(): Promise<void> {
    for (const { nodeDirectory } of this.kept.values()) {
      await proveDead(nodeDirectory)
      await removeCluster(nodeDirectory)
    }
    await rm(this.#directory, { recursive: true, force: true })
    for (const dog of this.#dogs) dog.dismiss()
  }

  protected keep(name: string): Kept {
    const kept = this.kept.get(name)
    if (kept !== undefined) return kept
    throw new Error(`There is no member ${name}, only ${[...this.kept.keys()].join(', ')}.`)
  }

  protected async describe(name: string, own: Readonly<Record<string, string>>): Promise<Kept> {
    const nodeDirectory = join(this.#directory, name)
    const { address, port } = await freeAddress(nodeDirectory)
    const logFile = join(this.#directory, `${name}.log`)
    const kept: Kept = { name, nodeDirectory, logFile, address, port, own, role: {} }
    this.kept.set(name, kept)
    return kept
  }

  protected server(kept: Kept) {
    return serverOf(kept, this.#binaries, this.#settings)
  }

  /** Writes the settings of a running member and has it read them. */
  protected async configure(kept: Kept): Promise<void> {
    const dataDirectory = await dataDirectoryOf(kept.nodeDirectory)
    const account = await accountOf(dataDirectory)
    await writeConfiguration(dataDirectory, account, this.server(kept))
    const [pid] = (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n')
    process.kill(Number(pid), 'SIGHUP')
  }

  /** Should the test process die first, the server goes with it. */
  protected async guard({ nodeDirectory }: Kept): Promise<void> {
    const dataDirectory = await dataDirectoryOf(nodeDirectory)
    const script =
      'p="$(head -n 1 "$1/postmaster.pid")"; kill -CONT "$p"; kill -QUIT "$p"; sleep 1; rm -rf "$1" "$2"'
    this.#dogs.push(onDeath(script, dataDirectory, dirname(nodeDirectory)))
  }

  async #signal(name: string, signal: NodeJS.Signals): Promise<void> {
    const dataDirectory = await dataDirectoryOf(this.keep(name).nodeDirectory)
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
