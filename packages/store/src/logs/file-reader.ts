import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { FilePlace } from './log-file.ts'

/** What was read of a file in one go. */
export type Read = {
  readonly lines: readonly string[]
  readonly place: FilePlace
  /** There is more to read at once. */
  readonly more: boolean
  /** The end of the file was not where it was left: what was between was lost, or was read from the copy. */
  readonly lost: boolean
}

/** So many bytes at the beginning tell a file from another one. */
const headMax = 256
const chunkBytes = 262_144
/** A line that has no end after so many bytes is taken as it is, and the rest of it left out. */
export const lineBytesMax = 1_048_576

/**
 * Reads the next lines of a log after a place. Logs are bounded by being copied to `<file>.1` and cut to nothing:
 * then the rest is read from the copy first. A line without an end is read again until it has one.
 */
export async function readOn(path: string, place: FilePlace | null): Promise<Read | null> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return null
  try {
    const { size, ino } = await file.stat()
    const known = place ?? { path, inode: ino, offset: 0, headLength: 0, head: '' }
    if (place !== null && size === known.offset && ino === known.inode) return null
    const isSame = size >= known.offset && (await headOf(file, known.headLength)) === known.head
    if (isSame) return await readFrom(file, { ...known, inode: ino }, false)
    return (await readCopy(path, known)) ?? (await readFrom(file, begun(path, ino), true))
  } finally {
    await file.close()
  }
}

const begun = (path: string, inode: number): FilePlace => ({
  path,
  inode,
  offset: 0,
  headLength: 0,
  head: '',
})

/** The rest of what was cut; once that is read, the file is begun at its beginning. */
async function readCopy(path: string, place: FilePlace): Promise<Read | null> {
  const copy = await open(`${path}.1`, 'r').catch(() => null)
  if (copy === null) return null
  try {
    if (place.headLength === 0 || (await headOf(copy, place.headLength)) !== place.head) return null
    const read = await readFrom(copy, place, false)
    if (read.more || read.place.offset > place.offset) return { ...read, more: true }
    // What is left has no end, and never gets one.
    return { lines: [], place: begun(path, place.inode), more: true, lost: false }
  } finally {
    await copy.close()
  }
}

async function headOf(file: FileHandle, length: number): Promise<string> {
  if (length === 0) return ''
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('base64').slice(0, 22)
}

async function readFrom(file: FileHandle, place: FilePlace, lost: boolean): Promise<Read> {
  const { text, cut } = await readLines(file, place.offset)
  const offset = place.offset + text.length
  const lines = text.length === 0 ? [] : text.toString('utf8').split('\n')
  if (text.length > 0 && !cut) lines.pop()
  // The rest of a line that was cut: what a secret ends with would not be known for one.
  if (lines.length > 0 && (await isInside(file, place.offset))) lines.shift()
  const headLength = Math.min(headMax, offset)
  const head = headLength === place.headLength ? place.head : await headOf(file, headLength)
  const more = text.length >= chunkBytes || cut
  return { lines, place: { ...place, offset, headLength, head }, more, lost }
}

async function isInside(file: FileHandle, offset: number): Promise<boolean> {
  if (offset === 0) return false
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset - 1)
  return buffer[0] !== 10
}

/** Whole lines from a place on; or a line that is too long to be waited for, up to its end or where it is cut. */
async function readLines(file: FileHandle, from: number): Promise<{ text: Buffer; cut: boolean }> {
  for (let length = chunkBytes; ; length *= 2) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from)
    const chunk = buffer.subarray(0, bytesRead)
    const end = chunk.lastIndexOf(10)
    if (end >= 0) return { text: chunk.subarray(0, end + 1), cut: false }
    if (bytesRead < length) return { text: chunk.subarray(0, 0), cut: false }
    if (length >= lineBytesMax) return { text: chunk, cut: true }
  }
}
