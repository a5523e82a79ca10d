import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import type { Client } from 'pg'
import type { Confirming } from '../../../shard/member.ts'
import { roleFile } from '../configuration.ts'
import { dataDirectoryOf } from '../placement.ts'
import { type AdminOptions, asAdmin } from './admin.ts'
import { reloadServer } from './reload.ts'
import { type RoleOptions, writeRole } from './role-file.ts'
import { namesOf, pendingSetting } from './role-settings.ts'

export type ConfirmOptions = AdminOptions &
  RoleOptions & {
    readonly nodeDirectory: string
    readonly confirming: Confirming
    /** Default five seconds. */
    readonly timeoutMs?: number
  }

const checkpointMs = 120_000
const nobody: Confirming = { kind: 'any', quorum: 1, names: [] }

/**
 * Has the commits of a running primary wait for these members from now on, and returns when every commit
 * does: the processes that send WAL let commits go, each by what it has read of the settings, and so each
 * of them is looked at.
 *
 * From "nobody" to a list it is the checkpointer that tells all sessions to wait, and it may be busy with
 * a checkpoint; one that begins afterwards proves that it knows. Until then the role file says that this
 * is pending, for whoever comes after an interruption. A changed quorum shows nowhere, and so commits
 * wait for nobody's confirmation in between.
 *
 * @example
 * await confirmCommits({ nodeDirectory, place, adminPassword, replicatorPassword,
 *   confirming: { kind: 'any', quorum: 1, names: ['db-3', 'db-4'] } })
 */
export async function confirmCommits(options: ConfirmOptions): Promise<void> {
  const { confirming } = options
  const before = await readNames(options.nodeDirectory)
  if (before.names === namesOf(confirming) && !before.pending && (await isTold(options))) return
  const begins = confirming.kind === 'any' && (before.names === '' || before.pending)
  if (isOtherQuorum(before.names, namesOf(confirming))) await tell(options, nobody, false)
  await tell(options, confirming, begins)
  if (!begins) return
  await asAdmin(options, checkpointMs, (admin) => admin.query('checkpoint'))
  await tell(options, confirming, false)
}

/** After a promotion it was told already, and only its senders are looked at. */
async function isTold(options: ConfirmOptions): Promise<boolean> {
  const { confirming, timeoutMs = 5_000 } = options
  const missing = await asAdmin(options, timeoutMs, (admin) => notTold(admin, confirming))
  return missing === null
}

/** What the role file says now. */
async function readNames(nodeDirectory: string): Promise<{ names: string; pending: boolean }> {
  const path = join(await dataDirectoryOf(nodeDirectory), roleFile)
  const text = await readFile(path, 'utf8').catch(() => '')
  const names = /^synchronous_standby_names = '(.*)'$/m.exec(text)?.[1] ?? ''
  return { names, pending: text.includes(`${pendingSetting.name} =`) }
}

function isOtherQuorum(before: string, after: string): boolean {
  const quorumOf = (names: string): string => /^ANY (\d+)/.exec(names)?.[1] ?? ''
  return before !== '' && after !== '' && quorumOf(before) !== quorumOf(after)
}

async function tell(
  options: ConfirmOptions,
  confirming: Confirming,
  pending: boolean,
): Promise<void> {
  const { nodeDirectory, place, timeoutMs = 5_000 } = options
  await writeRole(nodeDirectory, { kind: 'primary', confirming }, { ...options, pending })
  await reloadServer(nodeDirectory)
  const deadline = performance.now() + timeoutMs
  while (true) {
    const leftMs = Math.max(1, deadline - performance.now())
    const missing = await asAdmin(options, leftMs, (admin) => notTold(admin, confirming)).catch(
      (error: Error) => error.message,
    )
    if (missing === null) return
    if (performance.now() > deadline) throw notConfirmed(place.name, confirming, missing)
    await sleep(5)
  }
}

/**
 * What has not taken the list yet, or null. A session that began after the reload knows it from the
 * postmaster, which has told its children by then.
 */
async function notTold(admin: Client, confirming: Confirming): Promise<string | null> {
  const { rows } = await admin.query<{ names: string; stale: string[] }>(
    `select current_setting('synchronous_standby_names') as names,
       array(select application_name from pg_stat_replication
             where (sync_priority > 0) <> (application_name = any ($1))) as stale`,
    [confirming.kind === 'any' ? confirming.names : []],
  )
  const [row] = rows
  if (row?.names !== namesOf(confirming)) return `its list still is "${row?.names}"`
  return row.stale.length === 0
    ? null
    : `what sends to ${row.stale.join(', ')} goes by the old list`
}

function notConfirmed(name: string, confirming: Confirming, missing: string): BanyanError {
  return new BanyanError(
    'BANYAN_CONFIRM_FAILED',
    `${name} does not let its commits wait for ${JSON.stringify(namesOf(confirming))} yet: ${missing}.`,
    { hint: `It is tried again. If that does not help, look at its log: "banyan logs ${name}".` },
  )
}
