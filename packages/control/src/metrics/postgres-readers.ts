import pg from 'pg'
import { type Context, databaseName, dataMembers } from '../climb/context.ts'
import { targetOf } from '../engines/adopted/target.ts'
import { adminClient, PostgresReader, type PostgresSample } from '../engines/postgres/engine.ts'
import type { Observation } from './observation.ts'

/** The longest that a server may take to let in, and to answer; nobody waits so long. */
const patienceMs = 3_000

type Server = {
  readonly node: string
  /** Another one is another server. */
  readonly place: string
  readonly isHealthy: boolean
  readonly open: () => pg.Client
  readonly database: string
}

/** One reader for each database server that runs, ours or adopted. */
export class PostgresReaders {
  readonly #context: Context
  readonly #readers = new Map<string, { readonly place: string; readonly reader: PostgresReader }>()

  constructor(context: Context) {
    this.#context = context
  }

  /** All of them at once, so that one that stands still keeps nobody waiting for the others. */
  async read(timeoutMs: number): Promise<{ samples: Observation['postgres']; unheard: number }> {
    const servers = serversOf(this.#context)
    this.#forgetOthers(servers)
    const asked = servers.filter(({ isHealthy }) => isHealthy)
    const answers = await Promise.all(
      asked.map(
        async (server) => [server.node, await this.#readerOf(server).read(timeoutMs)] as const,
      ),
    )
    const samples = answers.flatMap(([node, sample]) =>
      sample === null ? [] : [named(node, sample)],
    )
    return { samples, unheard: asked.length - samples.length }
  }

  close(): void {
    this.#forgetOthers([])
  }

  #readerOf({ node, place, open, database }: Server): PostgresReader {
    const known = this.#readers.get(node)
    if (known?.place === place) return known.reader
    known?.reader.close()
    const reader = new PostgresReader(open, database)
    this.#readers.set(node, { place, reader })
    return reader
  }

  /** A server that is not well is left alone, and one that is gone is forgotten. */
  #forgetOthers(servers: readonly Server[]): void {
    const kept = servers.filter(({ isHealthy }) => isHealthy).map(({ node }) => node)
    for (const [node, { reader }] of this.#readers) {
      if (kept.includes(node)) continue
      reader.close()
      this.#readers.delete(node)
    }
  }
}

const named = (node: string, sample: PostgresSample) => ({ node, ...sample })

function serversOf(context: Context): Server[] {
  const { system, leaving } = context
  if (system.data === null || leaving) return []
  return system.data.url === null ? ownServers(context) : adoptedServers(context)
}

function ownServers(context: Context): Server[] {
  const { keepers, secrets, system, shard } = context
  // While the writes change hands, servers are asked by whoever sees to that, and by nobody else.
  const isMoving = shard.current.promotion !== null
  const { adminPassword } = secrets
  return dataMembers(context).map((member) => ({
    node: member.name,
    place: `${member.host}:${member.port}`,
    isHealthy: !isMoving && keepers.get(member.name)?.health === 'healthy',
    open: () => adminClient({ place: member, adminPassword }, patienceMs),
    database: databaseName(system),
  }))
}

function adoptedServers({ keepers, system, topology }: Context): Server[] {
  const { members, database } = targetOf(system)
  const node = topology.nodes.find(({ adopted }) => adopted)
  const keeper = node === undefined ? null : keepers.get(node.name)
  const states = keeper?.driver.members?.() ?? null
  return members.map((member, at) => {
    const isHealthy = (states?.[at]?.health ?? keeper?.health) === 'healthy'
    const name = states?.[at]?.name ?? node?.name ?? `db-${at + 1}`
    return {
      node: name,
      place: member.url,
      isHealthy,
      open: () => adoptedClient(member.url),
      database,
    }
  })
}

/** Nothing is set at its start, which a pooler may refuse; it says whose it is. */
function adoptedClient(connectionString: string): pg.Client {
  return new pg.Client({
    connectionString,
    application_name: 'banyan',
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    keepAlive: true,
  })
}
