import { BanyanError, type System } from '@banyan/model'
import { Client, type DatabaseError } from 'pg'
import { type Context, databaseName, serviceRole } from '../climb/context.ts'
import { findPrimary } from '../engines/adopted/members.ts'
import { targetOf } from '../engines/adopted/target.ts'
import { readSome } from './data-query.ts'
import type { DataAnswer, TableSize } from './types.ts'

/** One server of the system's database, and how it is reached as the app. */
export type DataPlace = {
  readonly node: string
  readonly config:
    | { readonly connectionString: string }
    | {
        readonly host: string
        readonly port: number
        readonly user: string
        readonly password: string
        readonly database: string
      }
}

/** Finds a server by the name that a page gives, or the primary. */
export type FindPlace = (on: string | null) => Promise<DataPlace>

const connectMs = 3_000
const statementMs = 5_000
const hardStopMs = 6_000
const atOnceMax = 2

/** A table that is counted instead of estimated is at most so large; that is read within some 10 ms. */
const countedBytes = 4 * 1024 ** 2

/** Rolled back whatever it does: its connection ends with the answer. */
const begin = `begin read only;
  set local statement_timeout = ${statementMs};
  set local lock_timeout = 2000;
  set local idle_in_transaction_session_timeout = 10000`

/** The data as the page shows it: tables with their sizes, and statements that read. */
export class DataBox {
  readonly #find: FindPlace
  readonly #system: () => System
  #busy = 0

  constructor(system: () => System, find: FindPlace) {
    this.#system = system
    this.#find = find
  }

  async tables(): Promise<TableSize[]> {
    const place = await this.#find(null)
    const { rows } = await this.#within(place, async (client) => await readSome(client, sizes))
    const keys = new Map(
      (this.#system().data?.tables ?? []).map((table) => [
        table.name,
        table.kind === 'sharded' ? table.by : null,
      ]),
    )
    return rows.map(([schema, name, count, bytes]) => ({
      schema: schema ?? '',
      name: name ?? '',
      rows: Number(count),
      bytes: Number(bytes),
      by: keys.get(name ?? '') ?? null,
    }))
  }

  /** `{sql}`, and with `on` the name of the server that is to answer. */
  async query({ sql, on = null }: Readonly<Record<string, unknown>>): Promise<DataAnswer> {
    if (typeof sql !== 'string' || !(on === null || typeof on === 'string')) throw noStatement()
    refuseSignals(sql)
    const place = await this.#find(on)
    const began = performance.now()
    const answer = await this.#within(place, async (client) => await readSome(client, sql))
    return { ...answer, ms: Math.round(performance.now() - began), answeredBy: place.node }
  }

  /** A few at once: what the page asks takes connections that the app may need. */
  async #within<Answer>(
    place: DataPlace,
    read: (client: Client) => Promise<Answer>,
  ): Promise<Answer> {
    if (this.#busy >= atOnceMax) throw busy()
    this.#busy += 1
    try {
      return await inReadOnly(place, read)
    } finally {
      this.#busy -= 1
    }
  }
}

async function inReadOnly<Answer>(
  place: DataPlace,
  read: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  const client = clientOf(place)
  await client.connect().catch((cause: Error) => {
    cutOff(client)
    throw unreachable(place, cause)
  })
  // A statement may set its own time limit aside; nothing sets this one aside.
  const timer = setTimeout(() => void end(place, client), hardStopMs)
  try {
    await client.query(begin)
    return await read(client)
  } catch (error) {
    throw explain(error)
  } finally {
    clearTimeout(timer)
    cutOff(client)
  }
}

function clientOf({ config }: DataPlace): Client {
  const client = new Client({
    ...config,
    application_name: 'banyan console',
    connectionTimeoutMillis: connectMs,
  })
  client.on('error', () => {})
  return client
}

/** Ends the session at the server; closing our side alone would leave its statement running. */
async function end(place: DataPlace, client: Client): Promise<void> {
  const { processID } = client as unknown as { processID: number }
  const other = clientOf(place)
  try {
    await other.connect()
    await other.query('select pg_terminate_backend($1)', [processID])
  } catch {
    // Then the server is gone, or ends it by itself.
  } finally {
    cutOff(other)
    cutOff(client)
  }
}

/** The server rolls back what is open. */
function cutOff(client: Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}

/*
 * How many rows there are, about. What was analysed is told as the planner tells it: its density then, times its
 * pages now. The counters of pg_stat_all_tables will not do, since a server that was promoted or crashed begins
 * them anew. What nobody analysed yet is counted while it is small, and else -1.
 */
const sizes = `select n.nspname, c.relname,
    case when c.reltuples > 0 and c.relpages > 0
        then round(c.reltuples::float8 / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int))
      when pg_relation_size(c.oid) <= ${countedBytes} and has_table_privilege(c.oid, 'select')
        then (xpath('/row/n/text()', query_to_xml(
          format('select count(*) as n from only %I.%I', n.nspname, c.relname), false, true, '')))[1]::text::bigint
      else -1 end,
    pg_total_relation_size(c.oid)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relispopulated and n.nspname = 'public'
  order by 4 desc, 2 limit 500`

/**
 * What ends other sessions of the app is no reading, and no transaction forbids it. Against an accident, not
 * against whoever wants to: he may kill nodes on the same page.
 */
function refuseSignals(sql: string): void {
  const found = /\bpg_(?:terminate|cancel)_backend\b/i.exec(sql)?.[0]
  if (found === undefined) return
  throw new BanyanError(
    'BANYAN_SQL_FAILED',
    `${found} would end what the app does; it was not run.`,
    {
      hint: 'Use "banyan sql", where nothing is held back.',
      details: { sqlstate: null, position: null },
    },
  )
}

function explain(error: unknown): BanyanError {
  if (BanyanError.is(error)) return error
  const { message, code, position, hint, detail } = error as Partial<DatabaseError>
  const isLate = code === '57014' || code === '57P01'
  const said = isLate ? `It took longer than ${statementMs / 1_000} s, and was ended.` : message
  return new BanyanError('BANYAN_SQL_FAILED', `${said}${detail ? `\n${detail}` : ''}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { sqlstate: code ?? null, position: position === undefined ? null : Number(position) },
    cause: error,
  })
}

function unreachable({ node }: DataPlace, cause: Error): BanyanError {
  return new BanyanError('BANYAN_NOT_RUNNING', `${node} cannot be reached: ${cause.message}.`, {
    hint: 'Look at its health, or ask another server.',
    cause,
  })
}

function busy(): BanyanError {
  return new BanyanError(
    'BANYAN_SQL_FAILED',
    `${atOnceMax} statements of the console run already.`,
    {
      hint: 'Wait until they have ended: after five seconds at the latest.',
      details: { status: 503 },
    },
  )
}

function noStatement(): BanyanError {
  return new BanyanError('BANYAN_USAGE_INVALID', 'The request has no statement.', {
    hint: 'Send for example {"sql":"select 1"}, with {"on":"db-2"} to ask that server.',
  })
}

/** The servers of a system that control runs, or of the one that it has adopted. */
export function placesIn(context: Context): FindPlace {
  return async (on) => {
    const { system, topology, shard } = context
    if (system.data === null) throw noData()
    if (system.data.url !== null) return await adoptedPlace(context, on)
    const nodes = topology.nodes.filter(({ tier }) => tier === 'data')
    const name = on ?? shard.current.primary ?? nodes[0]?.name
    const node = nodes.find((one) => one.name === name)
    if (node === undefined)
      throw noSuchServer(
        name ?? 'db-1',
        nodes.map((one) => one.name),
      )
    const host = topology.hosts.find((one) => one.name === node.host)?.address ?? '127.0.0.1'
    const place = { host, port: node.port, database: databaseName(system) }
    return { node: node.name, config: { ...place, ...serviceRole(context) } }
  }
}

/** As the user of the URL, who may read here what that user may read. */
async function adoptedPlace({ system, topology }: Context, on: string | null): Promise<DataPlace> {
  const node = topology.nodes.find(({ tier }) => tier === 'data')?.name ?? 'db-1'
  if (on !== null && on !== node) throw noSuchServer(on, [node])
  const target = await findPrimary(targetOf(system), AbortSignal.timeout(connectMs))
  return { node, config: { connectionString: target.url } }
}

function noData(): BanyanError {
  return new BanyanError('BANYAN_NOT_RUNNING', 'The system has no database.', {
    hint: 'It has one with `data` in its config.',
  })
}

function noSuchServer(name: string, known: readonly string[]): BanyanError {
  return new BanyanError('BANYAN_NODE_UNKNOWN', `There is no server ${JSON.stringify(name)}.`, {
    hint: `The servers: ${known.join(', ')}.`,
    details: { name, nodes: known },
  })
}
