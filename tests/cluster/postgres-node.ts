import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { findBinaries, freeAddress } from '@banyan/control/postgres'
import { adminRole } from '@banyan/postgres'
import pg from 'pg'

/** What the tests of the PostgreSQL engine share: a folder, nodes in it, and ways to ask them. */

export const run = promisify(execFile)

const isRoot = process.getuid?.() === 0
export const needsRoot = isRoot ? false : 'needs root, which runs PostgreSQL under another user'

// The user that PostgreSQL runs under enters what we make, whatever the caller's umask is.
process.umask(0o022)
export const root = await mkdtemp(join(tmpdir(), 'banyan-engine-test-'))
await chmod(root, 0o711)
after(() => rm(root, { recursive: true, force: true }))

export const binaries = await findBinaries('embedded')

/** A folder below which programs find our packages. */
export const packageFolder = join(import.meta.dirname, '..', '..', 'packages', 'testing')

export type Server = Awaited<ReturnType<typeof describeServer>>

/** A node that does not exist yet, and what all calls about it take. */
export async function describeServer(folder = join(root, randomBytes(4).toString('hex'))) {
  const nodeDirectory = join(folder, 'postgres-1')
  const { address, port } = await freeAddress(nodeDirectory)
  const adminPassword = randomBytes(8).toString('hex')
  const settings: Record<string, string> = { fsync: 'off' }
  const size = { memoryMb: 256, cpus: 2, settings }
  const logFile = join(folder, 'postgres-1.log')
  return { binaries, nodeDirectory, address, port, adminPassword, durable: false, logFile, ...size }
}

export async function connect(server: Server, database = 'postgres'): Promise<pg.Client> {
  const { address: host, port, adminPassword: password } = server
  const client = new pg.Client({ host, port, user: adminRole, password, database })
  client.on('error', () => {})
  await client.connect()
  return client
}

export async function ask(server: Server, sql: string): Promise<string> {
  const client = await connect(server)
  try {
    return String(Object.values((await client.query(sql)).rows[0] ?? {})[0])
  } finally {
    await client.end()
  }
}

/** Holds that an error has the code, and says how to mend it. */
export const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected, String(error))
  assert.ok((error as { hint?: string }).hint, 'an error says how to mend it')
  return true
}

/** The lines of the process list that name a path. */
export async function processesMentioning(path: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pid,args'])
  return stdout.split('\n').filter((line) => line.includes(path))
}
