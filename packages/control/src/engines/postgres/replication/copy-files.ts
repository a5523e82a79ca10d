import { type FileHandle, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { BanyanError } from '@banyan/model'
import { isEmptied, isLeftOut } from './excluded.ts'

/** A file of a data directory, by its path from there. */
export type FileToCopy = { readonly path: string; readonly bytes: number }

export type Tree = {
  readonly folders: readonly string[]
  readonly files: readonly FileToCopy[]
  readonly bytes: number
}

/** Written last, as it is what makes a folder a cluster. */
export const controlPath = join('global', 'pg_control')

/** What a copy of a data directory is made of. Files may come and go while it is read. */
export async function readTree(dataDirectory: string): Promise<Tree> {
  const folders: string[] = []
  const files: FileToCopy[] = []
  await collect(dataDirectory, '', folders, files)
  return { folders, files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}

async function collect(
  root: string,
  folder: string,
  folders: string[],
  files: FileToCopy[],
): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(gone)
  for (const entry of entries ?? []) {
    const path = join(folder, entry.name)
    // A symbolic link of the WAL folder leads to the same content, of which nothing is copied here.
    if (entry.isDirectory() || isEmptied(path)) {
      if (entry.name.startsWith('pgsql_tmp')) continue
      folders.push(path)
      if (!isEmptied(path)) await collect(root, path, folders, files)
    } else if (entry.isSymbolicLink() && folder === 'pg_tblspc') {
      throw tablespace(join(root, path))
    } else if (entry.isFile() && !isLeftOut(entry.name) && path !== controlPath) {
      const found = await lstat(join(root, path)).catch(gone)
      if (found !== null) files.push({ path, bytes: found.size })
    }
  }
}

function tablespace(path: string): BanyanError {
  return new BanyanError(
    'BANYAN_TABLESPACES_UNSUPPORTED',
    `The cluster has a tablespace outside of its data directory (${basename(path)}), which a copy of the cluster would share with it.`,
    {
      hint: 'Move its tables back ("alter table … set tablespace pg_default"), then drop the tablespace.',
      details: { path },
    },
  )
}

function gone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

const pieceBytes = 1_048_576

/**
 * Copies one file as it is now. It may grow, shrink or vanish meanwhile: what was written since the
 * backup began is in the WAL, and replay mends the rest. `onBytes` hears of every piece, and waits where
 * there is a limit. Each call of the system costs as much as a small file, so there are few of them.
 */
export async function copyFile(
  from: string,
  to: string,
  expectedBytes: number,
  onBytes: (bytes: number) => Promise<void>,
): Promise<void> {
  const source = await open(from, 'r').catch(gone)
  if (source === null) return
  try {
    const target = await open(to, 'w', 0o600)
    try {
      await pour(source, target, expectedBytes, onBytes)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** A read that gives less than it was asked for has come to the end. */
async function pour(
  source: FileHandle,
  target: FileHandle,
  expectedBytes: number,
  onBytes: (bytes: number) => Promise<void>,
): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(pieceBytes, expectedBytes + 1))
  for (let at = 0; ; ) {
    const { bytesRead } = await source.read(piece, 0, piece.length, at)
    if (bytesRead > 0) await writeWhole(target, piece.subarray(0, bytesRead), at)
    at += bytesRead
    await onBytes(bytesRead)
    if (bytesRead < piece.length) return
  }
}

/** A write may take less than it was given, as on a disk that is about to be full. */
async function writeWhole(target: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await target.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}

/** Makes the folders of a tree, the outer ones first, as the tree lists them. */
export async function makeFolders(root: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders) await mkdir(join(root, folder), { mode: 0o700 })
}
