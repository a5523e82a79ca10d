import { plantedFault, replicatorRole } from '@banyan/postgres'
import type { Confirming, MemberPlace, Role } from '../../../shard/member.ts'
import type { Setting } from '../settings.ts'

/** A name that no member has: who waits for it waits until the list is another one. */
const nobody = 'banyan_nobody'

/** In the data directory, which is where a server works. */
export const passwordFile = 'banyan-replicator.pgpass'

/** One line of it: the password, whoever the primary is. */
export const passwordLine = (password: string): string =>
  `*:*:*:${replicatorRole}:${password.replace(/[:\\]/g, '\\$&')}\n`

export type RoleInput = {
  readonly role: Role
  /** Of the server itself. */
  readonly name: string
  readonly major: number
  /** Of a primary: not every session of it waits yet. */
  readonly pending?: boolean
}

/** Says in the file itself what is not proven yet; PostgreSQL keeps a setting with a dot for others. */
export const pendingSetting: Setting = {
  name: 'banyan.confirming',
  value: 'pending',
  why: 'Not every commit is proven to wait for them yet.',
}

/**
 * What a role asks for, beside the settings of every server. All of it is read again at a reload, so
 * that a replica follows another primary, and a primary waits for others, without a restart.
 */
export function roleSettings(input: RoleInput): Setting[] {
  const { role, pending = false } = input
  if (role.kind === 'replica') return replicaSettings(input, role.of)
  return [...primarySettings(role.confirming), ...(pending ? [pendingSetting] : [])]
}

function primarySettings(confirming: Confirming): Setting[] {
  const names = namesSetting(confirming, 'Whose confirmation a commit waits for.')
  // PostgreSQL's own wait for replicas ends with its postmaster, and would hide what orphans do.
  const isFaulty = plantedFault === 'asynchronous-commit' || plantedFault === 'leaves-orphans'
  const faults = isFaulty ? [asynchronousFault] : []
  const always = [names, senderTimeout, retryInterval]
  return confirming.kind === 'nobody' ? always : [...always, keepWal, ...faults]
}

const asynchronousFault: Setting = {
  name: 'synchronous_commit',
  value: 'local',
  why: 'A test plants this fault.',
}

const senderTimeout: Setting = {
  name: 'wal_sender_timeout',
  value: '10s',
  why: 'A replica that stands still gives its place back.',
}

/** Of a primary too: between its new role and its promotion it still waits as a replica does. */
const retryInterval: Setting = {
  name: 'wal_retrieve_retry_interval',
  value: '200ms',
  why: 'A primary that was away for a moment is found again soon, and a promotion is not missed for long.',
}

const keepWal: Setting = {
  name: 'wal_keep_size',
  value: '256MB',
  why: 'Who follows a promoted server begins behind it, before it has a slot there.',
}

function namesSetting(confirming: Confirming, why: string): Setting {
  return { name: 'synchronous_standby_names', value: namesOf(confirming), why }
}

/** As `synchronous_standby_names` wants it. */
export function namesOf(confirming: Confirming): string {
  if (confirming.kind === 'nobody') return ''
  const names = confirming.names.length === 0 ? [nobody] : confirming.names
  const quorum = confirming.names.length === 0 ? 1 : confirming.quorum
  return `ANY ${quorum} (${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')})`
}

function replicaSettings(input: RoleInput, primary: MemberPlace): Setting[] {
  const rows: [name: string, value: string, why: string, since?: number][] = [
    ['primary_conninfo', connectionTo(primary, input.name), 'Whom it follows.'],
    ['primary_slot_name', slotNameOf(input.name), 'What it has not got yet is kept for it there.'],
    ['hot_standby_feedback', 'on', 'Vacuum leaves what its reads still see.'],
    ['wal_receiver_status_interval', '1s', 'How far it is, also when nothing happens.'],
    ['wal_receiver_timeout', '10s', 'A primary that stands still is left.'],
    [
      'max_standby_streaming_delay',
      '200ms',
      'What one read holds up, all others wait for, and a promotion too; it is asked again elsewhere.',
    ],
    ['max_standby_archive_delay', '200ms', 'The same for what it has on its own disk.'],
    ['sync_replication_slots', 'on', 'Who reads changes goes on after a failover.', 17],
  ]
  return [
    ...rows
      .filter(([, , , since = 0]) => input.major >= since)
      .map(([name, value, why]) => ({ name, value, why })),
    namesSetting(
      { kind: 'any', quorum: 1, names: [] },
      'Should it be promoted, no commit is acknowledged before it was told who confirms.',
    ),
    senderTimeout,
    retryInterval,
    keepWal,
  ]
}

/** The name of its own slot, as slots may be called. */
export const slotNameOf = (member: string): string =>
  `banyan_${member.toLowerCase().replace(/[^a-z0-9_]/g, '_')}`

/** Named by its node, which is how the primary's list knows it; a database is named for its slots. */
function connectionTo({ host, port }: MemberPlace, name: string): string {
  const words = {
    host,
    port: String(port),
    user: replicatorRole,
    // Not the password itself: the server logs this line whenever it changes.
    passfile: passwordFile,
    dbname: 'postgres',
    application_name: name,
    connect_timeout: '2',
    keepalives_idle: '2',
    keepalives_interval: '1',
    keepalives_count: '3',
    tcp_user_timeout: '5000',
  }
  return Object.entries(words)
    .map(([word, value]) => `${word}='${value.replace(/['\\]/g, '\\$&')}'`)
    .join(' ')
}
