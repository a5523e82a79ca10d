import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BanyanError } from '@banyan/model'

/** A new cluster takes 60 MB with its first WAL segments; the rest lets its first start breathe. */
export const newClusterMb = 160

/** Refuses to begin where a new cluster would not fit. */
export async function checkSpaceForCluster(directory: string): Promise<void> {
  const freeMb = await freeMbOf(directory)
  if (freeMb < newClusterMb) throw diskFull(directory, freeMb)
}

/** The space that is left on the disk of a folder, or of the nearest one above that exists. */
export async function freeMbOf(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return Math.floor((bavail * bsize) / 1_048_576)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!missing || dirname(directory) === directory) throw error
    return await freeMbOf(dirname(directory))
  }
}

/** Says how much there is and how much it takes. */
export function diskFull(directory: string, freeMb: number, cause?: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_DISK_FULL',
    `The disk of ${directory} has ${freeMb} MB free; a new database cluster needs ${newClusterMb} MB.`,
    {
      hint: 'Free some space there, or put the state on another disk with --dir.',
      details: { directory, freeMb, neededMb: newClusterMb },
      cause,
    },
  )
}

/** The same for a cluster that exists, whose need nobody can say. */
export function diskFullAtStart(directory: string, freeMb: number, cause?: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_DISK_FULL',
    `PostgreSQL cannot start, because the disk of ${directory} is full (${freeMb} MB free).`,
    { hint: 'Free some space there, then start again.', details: { directory, freeMb }, cause },
  )
}

/** Our own small files may be what no longer fits. */
export async function asDiskFull(
  error: unknown,
  directory: string,
  describe = diskFull,
): Promise<unknown> {
  const code = String((error as NodeJS.ErrnoException | null)?.code ?? '')
  if (BanyanError.is(error) || !isDiskFull(code)) return error
  return describe(directory, await freeMbOf(directory), error)
}

/** Whether an error, or what a program printed, is about a full disk or an exhausted quota. */
export function isDiskFull(text: string): boolean {
  return /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/i.test(text)
}
