import { type FileHandle, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { BanyanError } from '@banyan/model'
import type { Account } from '../account.ts'
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

export type CopyFileOptions = {
  readonly owner: Account | null
  /** Called with every piece that was copied; waits where there is a limit. */
  readonly onBytes: (bytes: number) => Promise<void>
}

/**
 * Copies one file as it is now. It may grow, shrink or vanish meanwhile: what was written since the
 * backup began is in the WAL, and replay mends the rest. Gives what was copied, in bytes.
 */
export async function copyFile(from: string, to: string, options: CopyFileOptions): Promise<void> {
  const source = await open(from, 'r').catch(gone)
  if (source === null) return
  try {
    const target = await create(to, options.owner)
    try {
      await pour(source, target, options.onBytes)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function pour(
  source: FileHandle,
  target: FileHandle,
  onBytes: (bytes: number) => Promise<void>,
): Promise<void> {
  const { size } = await source.stat()
  // A file that grows while it is read is read to the end that it had.
  const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size))
  for (let at = 0; at < size; ) {
    const { bytesRead } = await source.read(piece, 0, Math.min(piece.length, size - at), at)
    if (bytesRead === 0) return
    await writeWhole(target, piece.subarray(0, bytesRead), at)
    at += bytesRead
    await onBytes(bytesRead)
  }
}

/** A write may take less than it was given, as on a disk that is about to be full. */
async function writeWhole(target: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await target.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}

async function create(path: string, owner: Account | null): Promise<FileHandle> {
  const file = await open(path, 'w', 0o600)
  if (owner !== null) await file.chown(owner.uid, owner.gid)
  return file
}

/** Makes the folders of a tree, the outer ones first, as the tree lists them. */
export async function makeFolders(
  root: string,
  folders: readonly string[],
  owner: Account | null,
): Promise<void> {
  for (const folder of folders) await makeFolder(join(root, folder), owner)
}

export async function makeFolder(path: string, owner: Account | null): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  if (owner === null) return
  const folder = await open(path, 'r')
  try {
    await folder.chown(owner.uid, owner.gid)
  } finally {
    await folder.close()
  }
}
