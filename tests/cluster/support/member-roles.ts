import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from '@banyan/control/postgres'
import { removeCluster } from '@banyan/control/postgres'
import { parseLsn } from '@banyan/postgres'
import { copyMember } from './member-copy.ts'
import { followingOf, type Kept } from './member-place.ts'
import { MemberServers } from './member-servers.ts'
import { until } from './until.ts'

export type RolesOptions = {
  readonly synchronous: boolean
  readonly settings: Readonly<Record<string, string>>
  readonly replicaSettings: Readonly<Record<string, string>>
}

/** Who of the members is the primary, who follows it, and for whom its commits wait. */
export class MemberRoles extends MemberServers {
  /** The largest term that was written. */
  term = 1
  /** The member that takes writes as far as this helper has made it so. */
  primary = 'db-1'
  readonly #synchronous: boolean
  readonly #replicaSettings: Readonly<Record<string, string>>

  constructor(directory: string, binaries: Binaries, options: RolesOptions) {
    super(directory, binaries, options.settings)
    this.#synchronous = options.synchronous
    this.#replicaSettings = options.replicaSettings
  }

  /** Makes another replica of the primary by a low-level base backup, and starts it. */
  async add(name: string): Promise<void> {
    const kept = await this.describe(name, this.#replicaSettings)
    await this.#copy(this.keep(this.primary), kept)
    kept.role = this.#following(this.primary, name)
    await this.start(name)
    await this.untilStreaming(name)
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
    const kept = this.keep(name)
    const old = this.primary
    kept.role = {}
    await this.configure(kept)
    await this.query(name, 'select pg_promote(true, 30)')
    const others: string[] = []
    for (const other of this.replicas()) {
      if (other !== name && other !== old && (await this.runs(other))) others.push(other)
    }
    this.primary = name
    if (follow) for (const other of others) await this.follow(other, name)
    if (term !== null) await this.writeTerm(name, term)
    if (follow && this.#synchronous) await this.confirm(others)
  }

  /** Of the replicas that run, now that the primary is dead: the one that has the most, so that all others can follow it. */
  async heir(): Promise<string> {
    const ends: { name: string; lsn: bigint }[] = []
    for (const name of this.replicas()) {
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
    const kept = this.keep(name)
    kept.role = this.#following(primary, name)
    await this.configure(kept)
  }

  /** A member that does not run is copied anew from the primary, and follows it. */
  async rebuild(name: string): Promise<void> {
    const kept = this.keep(name)
    await removeCluster(kept.nodeDirectory)
    await this.#copy(this.keep(this.primary), kept)
    kept.role = this.#following(this.primary, name)
    await this.start(name)
    await this.untilStreaming(name)
  }

  /** The primary's commits wait for one of these; for nobody when there are none. */
  async confirm(names: readonly string[]): Promise<void> {
    const kept = this.keep(this.primary)
    const list = names.map((name) => `"${name}"`).join(', ')
    const wanted = names.length === 0 ? '' : `ANY 1 (${list})`
    kept.role = { synchronous_standby_names: wanted }
    await this.configure(kept)
    while ((await this.value(this.primary, 'show synchronous_standby_names')) !== wanted) {
      await sleep(5)
    }
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

  protected replicas(): string[] {
    return [...this.kept.keys()].filter((name) => name !== this.primary)
  }

  #following(primary: string, name: string): Record<string, string> {
    return followingOf(this.keep(primary), this.adminPassword, name)
  }

  async #copy(from: Kept, to: Kept): Promise<void> {
    const client = await this.connect(from.name)
    try {
      await copyMember(client, from, to)
    } finally {
      await client.end()
    }
    await this.guard(to)
  }
}
