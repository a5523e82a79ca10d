import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { BanyanError } from '@banyan/model'
import type { Role } from '../../../shard/member.ts'
import { accountOf } from '../account.ts'
import { includeRole, roleFile, settingsFile, writeWhenChanged } from '../configuration.ts'
import { readControlFile, readMajorVersion } from '../control-file.ts'
import { findServer } from '../find-server.ts'
import { locateNode } from '../placement.ts'
import { type FileOptions, removeUnfinished, replaceFile, syncDirectory } from '../replace-file.ts'
import { renderSettings } from '../settings.ts'
import { passwordFile, passwordLine, roleSettings } from './role-settings.ts'

export type RoleOptions = {
  /** Of `banyan_replicator`, as which replicas connect. */
  readonly replicatorPassword: string
  /** Of a primary: that its commits wait is not proven yet. */
  readonly pending?: boolean
}

const standbySignal = 'standby.signal'

/**
 * Writes down what a member is to be from its next start or reload on.
 *
 * A replica has `standby.signal` before it knows whom it follows, and a primary loses it after it has
 * forgotten whom: an interruption in between leaves a server that follows nobody and takes no writes.
 * The file of a running replica stays: only a promotion removes it.
 *
 * @example
 * await writeRole('/srv/notes/.banyan/nodes/db-3', { kind: 'replica', of: db2 }, { replicatorPassword })
 */
export async function writeRole(
  nodeDirectory: string,
  role: Role,
  { replicatorPassword, pending = false }: RoleOptions,
): Promise<void> {
  const { directory, dataDirectory } = await locateNode(nodeDirectory)
  const options = { mode: 0o600, owner: await accountOf(dataDirectory) }
  const isRunning = (await findServer(nodeDirectory)) !== null
  const name = basename(directory)
  const major = (await readMajorVersion(dataDirectory)) ?? 0
  if (role.kind === 'replica') await becomeReplica(dataDirectory, options, isRunning)
  else if (!isRunning) await refuseReplica(dataDirectory, name)
  await writeWhenChanged(
    join(dataDirectory, passwordFile),
    passwordLine(replicatorPassword),
    options,
  )
  const settings = roleSettings({ role, name, major, pending })
  await removeUnfinished(join(dataDirectory, roleFile))
  await replaceFile(join(dataDirectory, roleFile), renderSettings(settings), options)
  await ensureIncluded(dataDirectory, options)
  if (role.kind === 'primary' && !isRunning) await becomePrimary(dataDirectory)
}

/**
 * What it kept for its followers it would keep for ever, as they follow another one now. Slots of readers
 * of changes go only after a stop in order: then they go on elsewhere, and their copies need the names. A
 * primary that crashed may become one again.
 */
async function becomeReplica(
  dataDirectory: string,
  options: FileOptions,
  isRunning: boolean,
): Promise<void> {
  if (isRunning) return
  const handedOver = (await readControlFile(dataDirectory))?.state === 'shut down'
  const slots = join(dataDirectory, 'pg_replslot')
  for (const name of await readdir(slots)) {
    const goes = handedOver || (await isOfMember(join(slots, name)))
    if (goes) await rm(join(slots, name), { recursive: true })
  }
  await writeWhenChanged(join(dataDirectory, standbySignal), '', options)
}

/** A logical slot names its database: behind sixteen bytes and its own name. */
async function isOfMember(slot: string): Promise<boolean> {
  const state = await readFile(join(slot, 'state')).catch(() => Buffer.alloc(0))
  return state.length < 84 || state.readUInt32LE(80) === 0
}

/** Without a promotion it would go on with the timeline of another one, and nobody could tell them apart. */
async function refuseReplica(dataDirectory: string, name: string): Promise<void> {
  const state = (await readControlFile(dataDirectory))?.state
  if (state === 'in recovery' || state === 'shut down in recovery') {
    throw new BanyanError(
      'BANYAN_PROMOTION_FAILED',
      `${name} was a replica when it ended; it cannot be started as the primary, only promoted.`,
      { hint: 'Choose who takes the writes: "banyan status", then "banyan switchover".' },
    )
  }
}

async function becomePrimary(dataDirectory: string): Promise<void> {
  await rm(join(dataDirectory, standbySignal), { force: true })
  await syncDirectory(dataDirectory)
}

/** A server that an earlier version started does not include the file yet, and runs on. */
async function ensureIncluded(dataDirectory: string, options: FileOptions): Promise<void> {
  const path = join(dataDirectory, settingsFile)
  const text = await readFile(path, 'utf8')
  if (!text.endsWith(includeRole)) await replaceFile(path, text + includeRole, options)
}
