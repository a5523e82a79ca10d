import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import type { Confirming } from '../../../shard/member.ts'
import { isStopped } from '../../../sites/freeze.ts'
import { accountOf } from '../account.ts'
import { readControlFile } from '../control-file.ts'
import { dataDirectoryOf } from '../placement.ts'
import { replaceFile } from '../replace-file.ts'
import { type AdminOptions, asAdmin } from './admin.ts'
import { postmasterOf, reloadServer } from './reload.ts'
import { type RoleOptions, writeRole } from './role-file.ts'
import { ensureSlots } from './slots.ts'

export type PromoteOptions = AdminOptions &
  RoleOptions & {
    readonly nodeDirectory: string
    /** Whom its commits wait for from the first one on. */
    readonly confirming: Confirming
    /** The members that are going to follow it. */
    readonly followers: readonly string[]
    /** What was received is replayed first, however much that is. Default ten minutes. */
    readonly timeoutMs?: number
  }

const slotsMs = 2_000
const lookMs = 3

/**
 * Makes a running replica the primary and returns when it is out of recovery. It has been told whom its
 * commits wait for before it takes the first one: a replica waits for a name that nobody has, so that no
 * moment is left in which it waits for nobody. May be called again.
 *
 * @example
 * await promoteServer({ nodeDirectory, place, adminPassword, replicatorPassword,
 *   confirming: { kind: 'any', quorum: 1, names: ['db-4'] }, followers: ['db-4'] })
 */
export async function promoteServer(options: PromoteOptions): Promise<void> {
  const { nodeDirectory, confirming } = options
  const dataDirectory = await dataDirectoryOf(nodeDirectory)
  await postmasterOf(nodeDirectory)
  const slots = makeSlots(options).catch((error: unknown) => error)
  await writeRole(nodeDirectory, { kind: 'primary', confirming }, options)
  await reloadServer(nodeDirectory)
  await signalPromotion(nodeDirectory, dataDirectory)
  await untilPrimary(options, dataDirectory)
  // Before it was the primary every place for a session may have been taken.
  if ((await slots) !== true) await makeSlots(options)
}

async function makeSlots(options: PromoteOptions): Promise<true> {
  if (options.followers.length > 0) {
    await asAdmin(options, slotsMs, (admin) => ensureSlots(admin, options.followers))
  }
  return true
}

/** As `pg_ctl promote` does: no place for a session is needed. */
async function signalPromotion(nodeDirectory: string, dataDirectory: string): Promise<void> {
  if ((await readControlFile(dataDirectory))?.state === 'in production') return
  const options = { mode: 0o600, owner: await accountOf(dataDirectory), durable: false }
  await replaceFile(join(dataDirectory, 'promote'), '', options)
  process.kill(await postmasterOf(nodeDirectory), 'SIGUSR1')
}

/** The control file says so at the moment at which the first write is let in. */
async function untilPrimary(options: PromoteOptions, dataDirectory: string): Promise<void> {
  const { nodeDirectory, place, timeoutMs = 600_000 } = options
  const deadline = performance.now() + timeoutMs
  while ((await readControlFile(dataDirectory))?.state !== 'in production') {
    const standsStill = isStopped(await postmasterOf(nodeDirectory))
    if (standsStill || performance.now() > deadline) throw notPromoted(place.name, standsStill)
    await sleep(lookMs)
  }
}

function notPromoted(name: string, standsStill: boolean): BanyanError {
  const why = standsStill ? 'it stands still' : 'it still replays what it received'
  return new BanyanError('BANYAN_PROMOTION_FAILED', `${name} has not become the primary: ${why}.`, {
    hint: `Look at its log: "banyan logs ${name}".`,
  })
}
