import type { RuntimeMember } from '@banyan/model'
import type pg from 'pg'
import type { Connections } from '../pool/connections.ts'
import type { ConnectionsOptions, Place } from '../pool/connections-options.ts'
import { examineMember } from './member-facts.ts'
import type { ShardCluster } from './shard-cluster.ts'

/**
 * Keeps a pool at the primary: it is led to whoever that is, waits while nobody is or control asks for a
 * pause, and takes no new connection whose server is not, by all that is known, the primary.
 *
 * @example
 * const followed = new Followed(cluster, (member) => ({ config, target, budget }))
 * const pool = followed.lead(new Connections({ ...options, place: followed.place(), ...followed.hooks }))
 */
export class Followed {
  readonly #cluster: ShardCluster
  readonly #placeOf: (member: RuntimeMember) => Place
  #member: RuntimeMember | null
  #forget: () => void = () => {}

  constructor(cluster: ShardCluster, placeOf: (member: RuntimeMember) => Place) {
    this.#cluster = cluster
    this.#placeOf = placeOf
    this.#member = cluster.primary?.member ?? null
  }

  /** Where the pool begins. */
  place(): Place | null {
    return this.#member === null ? null : this.#placeOf(this.#member)
  }

  get hooks(): Required<
    Pick<ConnectionsOptions, 'examine' | 'nobody' | 'wanted' | 'troubled' | 'silentSince'>
  > {
    return {
      examine: (client) => this.#examine(client),
      nobody: () => this.#cluster.explain(),
      troubled: () => this.#cluster.alarm(),
      wanted: () => this.#cluster.wake(),
      silentSince: () => this.#cluster.silentSince,
    }
  }

  lead(pool: Connections): Connections {
    const follow = (): void => this.#follow(pool)
    this.#forget = this.#cluster.onChange(follow)
    follow()
    return pool
  }

  forget(): void {
    this.#forget()
  }

  #follow(pool: Connections): void {
    const member = this.#cluster.primary?.member ?? null
    if (member !== this.#member) {
      this.#member = member
      pool.moveTo(this.place())
    }
    const { heir } = this.#cluster
    pool.expect(heir === null ? null : this.#placeOf(heir))
    if (this.#cluster.held) pool.pause()
    else pool.resume()
  }

  /** Nothing is asked of a server that has nobody beside it. */
  async #examine(client: pg.Client): Promise<boolean> {
    const member = this.#member
    if (member === null) return false
    if (!this.#cluster.hasChoice) return true
    const answer = await examineMember(client, this.#cluster.shard.foreign === true)
    return this.#cluster.heard(member, answer)
  }
}
