import pg from 'pg'
import type { ClusterUse } from '../cluster/clusters.ts'
import type { ShardCluster } from '../cluster/shard-cluster.ts'
import { holdDefault } from '../data/shard.ts'
import { watchClient } from '../telemetry/watch-client.ts'
import { extend, withServer } from './environment.ts'
import { serverOf } from './server.ts'

/** Where the app gives it no `application_name`. */
const clientName = 'banyan client'

/**
 * node-postgres' `Client`. Without options it connects to the system's database: to the member that takes
 * writes at that moment. It stays with that one, and ends with it.
 *
 * @example
 * const client = new Client()
 * await client.connect()
 */
export class Client extends pg.Client {
  readonly #config: pg.ClientConfig

  constructor(config?: string | pg.ClientConfig) {
    const given = typeof config === 'string' ? { connectionString: config } : (config ?? {})
    const found = withServer(given)
    // It finds the primary whenever it connects, by which control knows that it is not left behind.
    const filled =
      found === given ? found : extend(found, { fallback_application_name: clientName })
    super(filled)
    this.#config = filled
    watchClient(this)
  }

  override connect(): Promise<this>
  override connect(callback: (error: Error | null, client: this) => void): void
  override connect(callback?: (error: Error | null, client: this) => void): unknown {
    const use = useOf(this.#config)
    if (use === null)
      return callback === undefined ? super.connect() : super.connect(callback as never)
    const connected = untilPrimary(use.cluster)
      .then((place) => {
        if (place !== null) Object.assign(this, place)
        return super.connect()
      })
      .finally(() => use.release())
      .then(() => this)
    if (callback === undefined) return connected
    return void connected.then(
      () => callback(null, this),
      (error: Error) => callback(error, this),
    )
  }
}

/** The cluster whose primary is meant; null where the server that was named is the one. */
function useOf(config: pg.ClientConfig): ClusterUse | null {
  try {
    return serverOf(config, 'if it helps').follows?.use ?? null
  } catch {
    // Without the file of its system a client still has the server that it was given.
    return null
  }
}

/** Null when nobody is found in time: then the server that was named says how it is. */
function untilPrimary(cluster: ShardCluster): Promise<{ host: string; port: number } | null> {
  const { promise, resolve } = Promise.withResolvers<{ host: string; port: number } | null>()
  const look = (): void => {
    if (cluster.primary === null || cluster.held) return
    const { host, port } = cluster.primary.member
    resolve({ host, port })
  }
  const forget = cluster.onChange(look)
  const timer = setTimeout(resolve, holdDefault.timeMs, null)
  look()
  return promise.finally(() => {
    forget()
    clearTimeout(timer)
  })
}
