import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { startPostgres, type TestPostgres, type TestPostgresOptions } from '@banyan/testing'
import pg from 'pg'

const repository = new URL('../../../', import.meta.url).pathname

/** A server that somebody else runs: with a user, a database and rows of an app of its own. */
export type ForeignServer = {
  readonly postgres: TestPostgres
  /** Of the app's user, on the app's database. */
  readonly url: string
  readonly adminUrl: string
  /** Runs statements as the superuser, on the app's database. */
  admin(sql: string): Promise<readonly Record<string, unknown>[]>
}

export const password = 'p@ss/w:rd#1'

/** Without autovacuum: it writes when it likes, and here every transaction number is accounted for. */
export async function startForeign(options: TestPostgresOptions = {}): Promise<ForeignServer> {
  const settings = { autovacuum: 'off', ...options.settings }
  const postgres = await startPostgres({ ...options, settings })
  const adminUrl = withDatabase(postgres.adminUrl, 'shop')
  const admin = async (sql: string) => await ask(adminUrl, sql)
  try {
    await ask(postgres.adminUrl, `create role ann login password '${password}'`)
    await ask(postgres.adminUrl, 'create database shop owner ann')
    const url = urlFor(postgres, 'ann', password, 'shop')
    await ask(url, shopSql)
    return { postgres, url, adminUrl, admin }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

const shopSql = `
  create table users (id bigint primary key, email text not null unique, name text);
  create table orders (id bigserial primary key, user_id bigint not null references users, cents int);
  create table plans (code text primary key, cents int);
  insert into users select n, 'u' || n || '@shop.example', 'U' || n from generate_series(1, 20) n;
  insert into orders (user_id, cents) select n % 20 + 1, n * 10 from generate_series(1, 200) n;
  insert into plans values ('free', 0), ('pro', 900);`

export function urlFor(
  { host, port }: { readonly host: string; readonly port: number },
  user: string,
  secret: string,
  database: string,
): string {
  return `postgres://${user}:${encodeURIComponent(secret)}@${host}:${port}/${database}`
}

function withDatabase(text: string, database: string): string {
  const url = new URL(text)
  url.pathname = `/${database}`
  return url.href
}

/** One session, the last statement's rows. */
export async function ask(
  connectionString: string,
  sql: string,
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    const results: unknown = await client.query(sql)
    const last = Array.isArray(results) ? results.at(-1) : results
    return (last as pg.QueryResult).rows
  } finally {
    await client.end()
  }
}

/** The catalogs that anything left behind would show in. */
const catalogs = [
  'pg_authid',
  'pg_auth_members',
  'pg_database',
  'pg_db_role_setting',
  'pg_namespace',
  'pg_class',
  'pg_attribute',
  'pg_index',
  'pg_constraint',
  'pg_trigger',
  'pg_policy',
  'pg_proc',
  'pg_type',
  'pg_extension',
  'pg_event_trigger',
  'pg_publication',
  'pg_subscription',
  'pg_default_acl',
  'pg_replication_slots',
  'pg_prepared_xacts',
]

/**
 * Everything that a write would change: the catalogs, the rows, and the next transaction number of
 * the whole server. PostgreSQL takes one for the first write of every transaction, so that an equal
 * number means that nothing was written, by anybody, not even what was taken back.
 */
export async function fingerprintOf({ adminUrl }: ForeignServer): Promise<Record<string, string>> {
  const counts = catalogs.map(
    (name) =>
      `select '${name}' as what, coalesce(md5(string_agg(r::text, '|' order by r::text)), '') as hash from ${name} r`,
  )
  const tables = await ask(
    adminUrl,
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  )
  const rows = tables.map(
    ({ name }) =>
      `select 'rows of ${name}' as what, coalesce(md5(string_agg(r::text || r.xmin::text || r.ctid::text, '|' order by r::text)), '') as hash from ${name} r`,
  )
  const next = `select 'next transaction' as what, pg_snapshot_xmax(pg_current_snapshot())::text as hash`
  const found = await ask(adminUrl, [...counts, ...rows, next].join(' union all '))
  return Object.fromEntries(found.map(({ what, hash }) => [String(what), String(hash)]))
}

/** An app that reads through `data`, and says where its database is. */
export const readingWeb = `import { createServer } from 'node:http'
import { data } from ${JSON.stringify(join(repository, 'packages/banyan/src/index.ts'))}
const routes = {
  '/orders': () => data.of(3).read\`select count(*)::int as n from orders where user_id = 3\`,
  '/by-email': async () => {
    const user = await data.by('users.email', 'u7@shop.example')
    return user === null ? null : { key: user.key, rows: await user.read\`select name from users where id = 7\` }
  },
  '/nobody': async () => await data.by('users.email', 'nobody@shop.example'),
  '/everywhere': async () => (await data.everywhere({
    each: (shard) => shard.read\`select count(*)::int as n from users\`,
    combine: (parts) => parts[0][0].n,
  })).value,
  '/write-in-read': () => data.of(3).read\`insert into plans values ('x', 1)\`,
  '/write': () => data.of(3).write\`insert into orders (user_id, cents) values (3, 5) returning user_id, cents\`,
  '/url': async () => process.env.DATABASE_URL,
  '/': async () => 'hello',
}
const server = createServer(async (request, response) => {
  try {
    const answer = await (routes[request.url] ?? routes['/'])()
    response.end(JSON.stringify(answer))
  } catch (error) {
    response.statusCode = 500
    response.end(JSON.stringify({ code: error.code, message: error.message }))
  }
})
server.listen(Number(process.env.PORT), process.env.HOST)
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeAllConnections() })
`

export const adoptedConfig = `export default {
  name: 'shop',
  services: { web: { run: 'node web.mjs', routes: ['/'] } },
  data: {
    url: process.env.DATABASE_URL,
    tables: {
      users: { by: 'id', unique: ['email'] },
      orders: { by: 'user_id' },
      plans: 'reference',
    },
  },
}
`

/** The files of an app that finds the URL where most apps have it. */
export const adoptedFiles = (url: string): Record<string, string> => ({
  'banyan.config.ts': adoptedConfig,
  'web.mjs': readingWeb,
  '.env': `DATABASE_URL='${url}'\n`,
})

/** A pooler in transaction mode, in the respect that matters: it refuses settings for a session. */
export async function startPooler(target: {
  readonly host: string
  readonly port: number
}): Promise<{ readonly host: string; readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    return socket
  }
  const server: Server = createServer((client) => {
    keep(client).once('data', (startup) => {
      if (startup.includes('\0options\0')) {
        client.end(refusal('unsupported startup parameter: options'))
        return
      }
      const upstream = keep(connect(target.port, target.host))
      upstream.write(startup)
      client.pipe(upstream).pipe(client)
      // One side that breaks takes the other along; a pipe alone would leave it waiting for ever.
      upstream.once('close', () => client.destroy())
      client.once('close', () => upstream.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    host: '127.0.0.1',
    port,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
