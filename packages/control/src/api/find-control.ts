import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { findHolder } from '../holder/holder-file.ts'
import { isSameProcess } from '../sites/identity.ts'
import { exists, forgiveBroken, readJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import type { ControlFile } from './types.ts'

/** A control that ends removes its file just before its socket. */
const endingMs = 300

/** How long a control that has died, or is just beginning, is waited for while its holder lives. */
const comingMs = 3_000
/** The same for whoever can do nothing without: a saturated machine takes seconds to start a process. */
export const neededMs = 10_000
const lookEveryMs = 20

/**
 * The control that runs, or null. One that its holder is starting is waited for. What a dead one wrote
 * down is not believed, nor what was copied here from another state directory.
 */
export async function findControl(
  paths: StatePaths,
  patienceMs = comingMs,
): Promise<ControlFile | null> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    // Looked for first: one that ends between the two looks has ended its control before.
    const holder = findHolder(paths)
    const file = await findPresent(paths)
    if (file !== null || holder === null || performance.now() > deadline) return file
    await sleep(lookEveryMs)
  }
}

async function findPresent(paths: StatePaths): Promise<ControlFile | null> {
  const file = await readControlFile(paths)
  if (file === null || (await exists(file.socket))) return file
  await sleep(endingMs)
  const again = await readControlFile(paths)
  if (again === null || (await exists(again.socket))) return again
  throw unreachable(paths, again)
}

async function readControlFile(paths: StatePaths): Promise<ControlFile | null> {
  const file = await readJson<ControlFile>(paths.control).catch((error: unknown) => {
    const none = forgiveBroken(error)
    const holder = findHolder(paths)
    if (holder !== null) throw unreadable(paths, holder.pid)
    return none
  })
  return file !== null && file.directory === paths.directory && isSameProcess(file) ? file : null
}

/** What serves would be stopped by an "up" that took its control for dead. */
function unreadable({ control: path }: StatePaths, holder: number): BanyanError {
  return new BanyanError(
    'BANYAN_STATE_BROKEN',
    `${path} is damaged, and the system runs (its holder is process ${holder}).`,
    {
      hint: `Tell it to stop everything in order with "kill ${holder}"; then start it again with "banyan up".`,
      details: { path, holder },
    },
  )
}

/** Every command would come to the same dead end, so that the mend goes past all of them. */
function unreachable({ directory }: StatePaths, { pid, socket }: ControlFile): BanyanError {
  return new BanyanError(
    'BANYAN_CONTROL_FAILED',
    `The control process ${pid} of ${directory} runs, but its socket ${socket} is gone.`,
    {
      hint: `Tell it to stop everything in order with "kill ${pid}"; then start it again with "banyan up".`,
      details: { pid, socket },
    },
  )
}
