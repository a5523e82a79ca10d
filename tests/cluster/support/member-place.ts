import type { Binaries } from '@banyan/control/postgres'
import { adminRole } from '@banyan/postgres'

/** What is remembered of a member, whether it runs or not. */
export type Kept = {
  readonly name: string
  readonly nodeDirectory: string
  readonly logFile: string
  readonly address: string
  readonly port: number
  readonly own: Readonly<Record<string, string>>
  role: Record<string, string>
}

const fast = {
  fsync: 'off',
  full_page_writes: 'off',
  wal_keep_size: '1GB',
  wal_retrieve_retry_interval: '100ms',
  wal_receiver_status_interval: '1s',
  hot_standby_feedback: 'on',
}

/** What the engine makes and starts the server of a member with. */
export function serverOf(
  { nodeDirectory, address, port, own, role }: Kept,
  binaries: Binaries,
  everybody: Readonly<Record<string, string>>,
) {
  const settings = { ...fast, ...everybody, ...own, ...role }
  const size = { memoryMb: 128, cpus: 1, settings, durable: false }
  return { binaries, nodeDirectory, address, port, ...size }
}

/** For the superuser. */
export function adminUrlOf({ address, port }: Kept, password: string, database: string): string {
  return `postgres://${adminRole}:${password}@${address}:${port}/${database}`
}

/** The settings by which a member follows a primary. */
export function followingOf(primary: Kept, password: string, name: string): Record<string, string> {
  const words = {
    host: primary.address,
    port: primary.port,
    user: adminRole,
    password,
    dbname: 'postgres',
    application_name: name,
    connect_timeout: 2,
  }
  const conninfo = Object.entries(words).map(([word, value]) => `${word}=${value}`)
  return { primary_conninfo: conninfo.join(' ') }
}
