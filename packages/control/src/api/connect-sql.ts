import { BanyanError, type System } from '@banyan/model'
import { adminRole, appRole, ownerRole } from '@banyan/postgres'
import { Client, type DatabaseError, type QueryArrayResult } from 'pg'
import { explain } from '../engines/adopted/explain.ts'
import { findPrimary } from '../engines/adopted/members.ts'
import { type Target, targetOf } from '../engines/adopted/target.ts'
import { openRecord } from '../shard/record.ts'
import { readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { readSecrets, type Secrets } from '../state/secrets.ts'
import { readTopology } from '../state/topology-file.ts'

export type SqlRole = 'app' | 'owner' | 'admin'

/** What one statement answered. Values are as PostgreSQL writes them; null is SQL's null. */
export type SqlResult = {
  readonly command: string
  readonly columns: readonly string[]
  /** The OID of each column's type. */
  readonly typeIds: readonly number[]
  readonly rows: readonly (readonly (string | null)[])[]
  readonly rowCount: number | null
}

export type SqlSession = {
  readonly database: string
  readonly user: string
  /** Runs one or more statements; each gives a result. */
  query(text: string): Promise<readonly SqlResult[]>
  /** `T` while a transaction is open, `E` after a failure in it, else `I`. */
  readonly transactionStatus: () => string
  end(): Promise<void>
}

const roles = { app: appRole, owner: ownerRole, admin: adminRole } as const
const passwords = {
  app: 'appPassword',
  owner: 'ownerPassword',
  admin: 'adminPassword',
} as const satisfies Record<SqlRole, keyof Secrets>

/** A session with the database of a system, of the role that is asked for. */
export async function connectSql(
  paths: StatePaths,
  options: {
    readonly role: SqlRole | null
    readonly shard: number
    readonly onNotice: (text: string) => void
  },
): Promise<SqlSession> {
  const { member, database, defaultRole, adopted } = await findDatabase(paths, options.shard)
  if (adopted !== null) return await connectAdopted(adopted, options)
  const role = options.role ?? defaultRole
  const secrets = await readSecrets(paths)
  const user = roles[role]
  const password = secrets?.[passwords[role]] ?? ''
  const client = new Client({
    ...member,
    user,
    password,
    database,
    application_name: 'banyan sql',
    connectionTimeoutMillis: 5_000,
    types: { getTypeParser: () => (value: string) => value },
  })
  client.on('notice', ({ severity, message }) => options.onNotice(`${severity}: ${message}`))
  client.on('error', () => {})
  await client.connect().catch((cause) => {
    throw unreachable(cause, member)
  })
  return sessionOf(client, database, user)
}

function sessionOf(client: Client, database: string, user: string): SqlSession {
  return {
    database,
    user,
    query: async (text) => {
      const answer = await client.query({ text, rowMode: 'array' }).catch((error) => {
        throw refused(error, text)
      })
      const results = Array.isArray(answer) ? answer : [answer]
      return results.map((result) => plain(result as QueryArrayResult))
    },
    transactionStatus: () => client.getTransactionStatus() ?? 'I',
    end: async () => await client.end(),
  }
}

function plain({ command, fields, rows, rowCount }: QueryArrayResult): SqlResult {
  const columns = fields.map(({ name }) => name)
  return { command, columns, typeIds: fields.map(({ dataTypeID }) => dataTypeID), rows, rowCount }
}

async function findDatabase(paths: StatePaths, shard: number) {
  const topology = await readTopology(paths)
  const system = await readJson<System>(paths.system)
  const nodes = topology.nodes.filter(({ tier }) => tier === 'data')
  const { primary } = (await openRecord(paths.shard)).current
  const node = shard === 1 ? (nodes.find(({ name }) => name === primary) ?? nodes[0]) : undefined
  if (node === undefined || system === null) throw noDatabase(Math.min(1, nodes.length), shard)
  const host = topology.hosts.find(({ name }) => name === node.host)?.address ?? '127.0.0.1'
  const defaultRole: SqlRole = system.data?.migrations == null ? 'owner' : 'app'
  return {
    member: { host, port: node.port },
    database: system.name.replaceAll('-', '_'),
    defaultRole,
    adopted: system.data?.url == null ? null : targetOf(system),
  }
}

/** As the user of the URL, who may do here what that user may do. */
async function connectAdopted(
  list: Target,
  { role, onNotice }: { readonly role: SqlRole | null; readonly onNotice: (text: string) => void },
): Promise<SqlSession> {
  if (role !== null) throw noRole(list)
  const target = await findPrimary(list)
  const client = new Client({
    connectionString: target.url,
    application_name: 'banyan sql',
    connectionTimeoutMillis: 5_000,
    types: { getTypeParser: () => (value: string) => value },
  })
  client.on('notice', ({ severity, message }) => onNotice(`${severity}: ${message}`))
  client.on('error', () => {})
  await client.connect().catch((cause) => {
    throw explain(cause, target)
  })
  return sessionOf(client, target.database, target.user)
}

function noRole({ name, user }: Target): BanyanError {
  return new BanyanError(
    'BANYAN_USAGE_INVALID',
    `The database ${name} is adopted: Banyan has no roles in it.`,
    { hint: `Leave the role out for "${user}", the user of the URL.` },
  )
}

function noDatabase(shards: number, shard: number): BanyanError {
  if (shards > 0) {
    return new BanyanError(
      'BANYAN_NODE_UNKNOWN',
      `There is no shard ${shard}; there ${shards === 1 ? 'is one' : `are ${shards}`}.`,
      {
        hint: 'Leave out --shard, or name 1.',
      },
    )
  }
  return new BanyanError('BANYAN_NOT_RUNNING', 'There is no database here yet.', {
    hint: 'Start the system with "banyan up"; it needs `data` in its config.',
  })
}

function unreachable(cause: Error, { host, port }: { host: string; port: number }): BanyanError {
  return new BanyanError(
    'BANYAN_NOT_RUNNING',
    `The database at ${host}:${port} cannot be reached: ${cause.message}.`,
    {
      hint: 'Start the system with "banyan up", and look at "banyan status".',
      cause,
    },
  )
}

function refused(error: unknown, text: string): BanyanError {
  const { message, code, position, hint, detail } = error as Partial<DatabaseError>
  return new BanyanError(
    'BANYAN_SQL_FAILED',
    `${message ?? String(error)}${detail ? `\n${detail}` : ''}`,
    {
      ...(hint === undefined ? {} : { hint }),
      details: { sqlstate: code ?? null, position: position ?? null, statement: text },
      cause: error,
    },
  )
}
