import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BanyanError } from '@banyan/model'
import type { Account } from '../account.ts'
import { readIntactControl } from '../control-file.ts'
import { replaceFile } from '../replace-file.ts'
import type { Backup, BackupEnd } from './backup.ts'
import { controlPath, copyFile, type FileToCopy, makeFolders, type Tree } from './copy-files.ts'
import { walFilesOf } from './wal-files.ts'

const run = promisify(execFile)

/** As initdb makes them; larger ones are copied as well, in more pieces. */
const segmentBytes = 4_194_304

/** So many files at a time keep the disk busy, and leave threads for everybody else. */
const lanes = 3

export type DataCopy = {
  /** The data directory that is copied. */
  readonly from: string
  /** The new one; it is not there yet. */
  readonly to: string
  readonly owner: Account | null
  readonly durable: boolean
  readonly signal: AbortSignal
  /** Called with every piece; waits where there is a limit. */
  readonly onBytes: (bytes: number) => Promise<void>
}

/**
 * Copies the files of a backup that goes on, ends it, and adds what makes the copy consistent by itself:
 * the WAL that was written meanwhile. So it can start, and answer, also when its source is gone by then.
 * `pg_control` comes after the other files, as the manual of the low-level backup advises.
 */
export async function copyData(copy: DataCopy, tree: Tree, backup: Backup): Promise<void> {
  const { to, owner } = copy
  await mkdir(to, { mode: 0o700 })
  await makeFolders(to, tree.folders)
  await copyAll(copy, tree.files)
  await copyControl(copy)
  const end = await backup.end()
  await writeLabels(copy, end)
  const wal = await walFilesOf(copy.from, backup.firstSegment, end.lastSegment)
  await copyAll(
    copy,
    wal.map((name) => ({ path: join('pg_wal', name), bytes: segmentBytes })),
  )
  // One call for all of them; until then they are ours, and nobody else's.
  if (owner !== null) await run('chown', ['-R', `${owner.uid}:${owner.gid}`, to])
  if (copy.durable) await syncTree(to)
}

async function copyAll(copy: DataCopy, files: readonly FileToCopy[]): Promise<void> {
  const rest = files.values()
  const lane = async (): Promise<void> => {
    for (const { path, bytes } of rest) {
      copy.signal.throwIfAborted()
      await copyFile(join(copy.from, path), join(copy.to, path), bytes, copy.onBytes)
    }
  }
  // One that fails ends all: the others see the end of the list.
  await Promise.all(
    Array.from({ length: lanes }, () =>
      lane().catch((error) => {
        rest.return?.(undefined)
        throw error
      }),
    ),
  )
}

async function copyControl({ from, to, owner, durable }: DataCopy): Promise<void> {
  const bytes = await readIntactControl(from)
  if (bytes === null) {
    throw new BanyanError(
      'BANYAN_COPY_FAILED',
      `${join(from, controlPath)} cannot be read whole.`,
      {
        hint: 'Look whether its server runs ("banyan status"), and at its log.',
      },
    )
  }
  await replaceFile(join(to, controlPath), bytes, { mode: 0o600, owner, durable })
}

/** Without the label the copy would begin at the wrong place in the WAL, and be corrupt without a word. */
async function writeLabels({ to, owner, durable }: DataCopy, end: BackupEnd): Promise<void> {
  const options = { mode: 0o600, owner, durable }
  await replaceFile(join(to, 'backup_label'), end.label, options)
  if (end.tablespaceMap !== '') {
    await replaceFile(join(to, 'tablespace_map'), end.tablespaceMap, options)
  }
}

/** One call for the whole file system, where there is one: thousands of files would take thousands. */
async function syncTree(directory: string): Promise<void> {
  const words = process.platform === 'linux' ? ['-f', directory] : []
  await run('sync', words)
}
