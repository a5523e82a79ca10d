import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createCluster,
  dataDirectoryOf,
  findBinaries,
  freeAddress,
  removeCluster,
  startServer,
} from '@banyan/control/postgres'
import { adminRole } from '@banyan/postgres'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { onDeath } from './watchdog.ts'

export type TestPostgresOptions = {
  /** Settings that win over Banyan's own, by name. */
  readonly settings?: Readonly<Record<string, string>>
  /** `embedded` (default), `distribution`, or a folder. */
  readonly binaries?: string
  /** Whether commits wait for the disk. Default false: the cluster is thrown away. */
  readonly durable?: boolean
}

export type TestPostgres = {
  readonly host: string
  readonly port: number
  /** For the superuser, on the database `postgres`. */
  readonly adminUrl: string
  readonly nodeDirectory: string
  readonly logFile: string
  /** Of the postmaster; another one after `restart()`. */
  readonly pid: number
  /** A new database with the roles and the schema that a system gets. */
  createDatabase(): Promise<TestDatabase>
  /** Sends a signal to the postmaster. After SIGKILL its backends may live on for a while. */
  kill(signal: NodeJS.Signals): void
  /** Starts the server again, after ending whoever is left of it. */
  restart(): Promise<void>
  /** Ends the server and deletes everything. */
  stop(): Promise<void>
}

/**
 * One throw-away PostgreSQL in a temporary folder, made and set up by the engine itself. Stop it in
 * `after`; should the test process die first, the server goes with it.
 *
 * @example
 * const postgres = await startPostgres()
 * after(() => postgres.stop())
 * const { ownerUrl } = await postgres.createDatabase()
 */
export async function startPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-postgres-'))
  // The user that PostgreSQL runs under has to get in.
  await chmod(directory, 0o711)
  const nodeDirectory = join(directory, 'postgres')
  try {
    return await launch(options, directory, nodeDirectory)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function launch(
  options: TestPostgresOptions,
  directory: string,
  nodeDirectory: string,
): Promise<TestPostgres> {
  const binaries = await findBinaries(options.binaries ?? 'embedded')
  const durable = options.durable ?? false
  const { address, port } = await freeAddress(directory)
  const settings = { ...(durable ? {} : fast), ...options.settings }
  const adminPassword = randomBytes(12).toString('hex')
  const server = { binaries, nodeDirectory, address, port, memoryMb: 256, cpus: 2, settings }
  const logFile = join(directory, 'postgres.log')
  await createCluster({ ...server, adminPassword, durable })
  const dataDirectory = await dataDirectoryOf(nodeDirectory)
  const dog = onDeath(
    'kill -QUIT "$(head -n 1 "$1/postmaster.pid")"; sleep 1; rm -rf "$1" "$2"',
    dataDirectory,
    directory,
  )
  let { pid } = await startServer({ ...server, logFile })
  const adminUrl = `postgres://${adminRole}:${adminPassword}@${address}:${port}/postgres`
  return {
    host: address,
    port,
    adminUrl,
    nodeDirectory,
    logFile,
    get pid() {
      return pid
    },
    createDatabase: async () => await createTestDatabase(adminUrl),
    kill: (signal) => void process.kill(pid, signal),
    restart: async () => {
      pid = (await startServer({ ...server, logFile })).pid
    },
    stop: async () => {
      await removeCluster(nodeDirectory)
      await rm(directory, { recursive: true, force: true })
      dog.dismiss()
    },
  }
}

/**
 * Nobody misses the data of a test after a loss of power. A kill of the server is another matter: what
 * it acknowledged is there again, as it is without these.
 */
const fast = { fsync: 'off', full_page_writes: 'off' }
