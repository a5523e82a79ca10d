import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** The page whose profile the tests run: what it recommends is what was tried. */
const guide = new URL('../../../docs/guide/patroni.md', import.meta.url).pathname

/** Patroni's own defaults, with nothing but a password let in: what a benchmark compares with. */
export const defaultBootstrap = `bootstrap:
  dcs:
    postgresql:
      use_pg_rewind: true
`

/** The reviewed profile, as the guide prints it. */
export async function profileOfGuide(): Promise<string> {
  const text = await readFile(guide, 'utf8')
  const block = /```yaml\n(bootstrap:\n[\s\S]*?)```/.exec(text)?.[1]
  if (block === undefined) throw new Error(`${guide} has no yaml block that begins with bootstrap:`)
  return block
}

/** Of the PostgreSQL that Debian has, the newest; null where there is none. */
export function binariesOfDebian(): string | null {
  const root = '/usr/lib/postgresql'
  const majors = existsSync(root) ? readdirSync(root).map(Number).filter(Number.isInteger) : []
  const newest = Math.max(...majors)
  return majors.length === 0 ? null : `${root}/${newest}/bin`
}

export type MemberFile = {
  readonly scope: string
  readonly name: string
  readonly address: string
  readonly etcd: readonly string[]
  readonly folder: string
  readonly password: string
  /** The section `bootstrap:`, as YAML. */
  readonly bootstrap: string
}

/** The configuration of one member: where it is and who may come in; how it behaves is `bootstrap`'s. */
export function memberFile(member: MemberFile): string {
  const { scope, name, address, etcd, folder, password, bootstrap } = member
  return `scope: ${scope}
name: ${name}
restapi: { listen: '${address}:8008', connect_address: '${address}:8008' }
etcd3: { hosts: [${etcd.map((at) => `'${at}:2379'`).join(', ')}] }
${bootstrap}
  initdb: [ { encoding: UTF8 }, data-checksums ]
postgresql:
  listen: '${address}:5432'
  connect_address: '${address}:5432'
  data_dir: ${folder}/data
  bin_dir: ${binariesOfDebian()}
  pgpass: ${folder}/pgpass
  authentication:
    superuser: { username: postgres, password: '${password}' }
    replication: { username: replicator, password: '${password}' }
    rewind: { username: rewinder, password: '${password}' }
  parameters: { unix_socket_directories: '${folder}' }
  pg_hba:
    - local all all trust
    - host replication replicator all scram-sha-256
    - host all all all scram-sha-256
watchdog: { mode: 'off' }
`
}
