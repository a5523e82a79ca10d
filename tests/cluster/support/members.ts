import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Binaries, createCluster, findBinaries } from '@banyan/control/postgres'
import type { RuntimeFile, RuntimeMember } from '@banyan/model'
import { type Catalog, catalogChannel, holdChannel } from '@banyan/postgres'
import { createTestDatabase } from '../../../packages/testing/src/database.ts'
import { type RuntimeFileOptions, runtimeFile } from '../../../packages/testing/src/runtime-file.ts'
import { adminUrlOf } from './member-place.ts'
import { MemberRoles } from './member-roles.ts'

/**
 * A small cluster of real servers for tests: one primary and its replicas on loopback addresses of
 * their own. Nobody watches over it: tests kill, freeze, promote and follow as they want.
 */

export type MembersOptions = {
  /** Default 2. */
  readonly replicas?: number
  /** Whether commits wait for one of the replicas. Default true. */
  readonly synchronous?: boolean
  /** Settings of every member. */
  readonly settings?: Readonly<Record<string, string>>
  /** Settings of members that were made as replicas: `recovery_min_apply_delay`, for one. */
  readonly replicaSettings?: Readonly<Record<string, string>>
  /** `embedded` (default), `distribution`, or a folder. */
  readonly binaries?: string
}

/** A member, whether it runs or not. */
export type TestMember = RuntimeMember & {
  /** For the superuser, on the database of the test. */
  readonly adminUrl: string
  /** For `banyan_app`. */
  readonly appUrl: string
  readonly nodeDirectory: string
  readonly logFile: string
}

/**
 * Starts a primary `db-1` and replicas `db-2`, `db-3`, … that follow it, with a database as a system
 * gets it. Stop it in `after`.
 *
 * @example
 * const cluster = await startMembers({ replicas: 2, synchronous: true })
 * after(() => cluster.stop())
 * await cluster.kill('db-1')
 * await cluster.promote('db-2')
 */
export async function startMembers(options: MembersOptions = {}): Promise<TestMembers> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-members-'))
  await chmod(directory, 0o711)
  const cluster = new TestMembers(directory, await findBinaries(options.binaries ?? 'embedded'), {
    replicas: 2,
    synchronous: true,
    settings: {},
    replicaSettings: {},
    binaries: 'embedded',
    ...options,
  })
  try {
    await cluster.launch()
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

export class TestMembers extends MemberRoles {
  catalogVersion = 1
  readonly #options: Required<MembersOptions>

  constructor(directory: string, binaries: Binaries, options: Required<MembersOptions>) {
    super(directory, binaries, options)
    this.#options = options
  }

  get members(): TestMember[] {
    return [...this.kept.keys()].map((name) => this.member(name))
  }

  member(name: string): TestMember {
    const { address: host, port, nodeDirectory, logFile } = this.keep(name)
    const at = (url: string): string => {
      const made = new URL(url)
      made.hostname = host
      made.port = String(port)
      return made.href
    }
    const { adminUrl, appUrl } = this.database
    return { name, host, port, nodeDirectory, logFile, adminUrl: at(adminUrl), appUrl: at(appUrl) }
  }

  /** The file that `BANYAN_SYSTEM` names, listing the given members, or all of them. */
  runtimeFile(
    names: readonly string[] = [...this.kept.keys()],
    options: Omit<RuntimeFileOptions, 'url'> = {},
  ): RuntimeFile {
    const file = runtimeFile({ ...options, url: this.member(this.primary).appUrl })
    const members = names.map((name) => {
      const { host, port } = this.member(name)
      return { name, host, port }
    })
    return { ...file, shards: file.shards.map((shard) => ({ ...shard, name: 'shard-1', members })) }
  }

  async launch(): Promise<void> {
    const first = await this.describe('db-1', {})
    await createCluster({ ...this.server(first), adminPassword: this.adminPassword })
    await this.guard(first)
    await this.start('db-1')
    this.made = await createTestDatabase(adminUrlOf(first, this.adminPassword, 'postgres'))
    for (let number = 2; number <= this.#options.replicas + 1; number += 1) {
      await this.add(`db-${number}`)
    }
    if (this.#options.synchronous) await this.confirm(this.replicas())
  }

  /** Writes a version of the catalog that lists these members, and announces it. */
  async writeCatalog(names: readonly string[] = [...this.kept.keys()]): Promise<number> {
    this.catalogVersion += 1
    const members = names.map((name) => {
      const { host, port } = this.member(name)
      return { name, host, port }
    })
    const shards: Catalog['shards'] = [{ name: 'shard-1', members }]
    await this.query(
      this.primary,
      `with written as (
         insert into banyan.catalog (version, shards) values ($1, $2)
         on conflict (one) do update set version = excluded.version, shards = excluded.shards
         returning version)
       select pg_notify('${catalogChannel}', version::text) from written`,
      [this.catalogVersion, JSON.stringify(shards)],
    )
    return this.catalogVersion
  }

  /** Asks the processes of the app to hold, as control does before a switchover. */
  async hold(holdMs: number): Promise<void> {
    const payload = JSON.stringify({ shard: 'shard-1', holdMs })
    await this.query(this.primary, `select pg_notify('${holdChannel}', $1)`, [payload])
  }

  /** Tells them where a switchover leads, as control does before it. */
  async announceHeir(heir: string): Promise<void> {
    const payload = JSON.stringify({ shard: 'shard-1', holdMs: 0, heir })
    await this.query(this.primary, `select pg_notify('${holdChannel}', $1)`, [payload])
  }
}
