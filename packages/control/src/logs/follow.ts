import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export type FollowOptions = {
  readonly path: string
  /** Where to begin; the end of the file as it is now when left out. */
  readonly from?: number
  readonly signal: AbortSignal
  readonly onLine: (line: string) => void
}

const lookEveryMs = 100
const chunkBytes = 65_536
/** A program that never ends its line must not fill our memory. */
const longestLineBytes = 1_048_576

/** Passes on each line that is appended to a file, until it is aborted. A file that was cut starts over. */
export async function followFile({ path, from, signal, onLine }: FollowOptions): Promise<void> {
  let at = from ?? (await sizeOf(path))
  let rest: Buffer = Buffer.alloc(0)
  while (!signal.aborted) {
    const size = await sizeOf(path)
    if (size < at) {
      at = 0
      rest = Buffer.alloc(0)
    }
    const chunk = size > at ? await readAt(path, at, Math.min(chunkBytes, size - at)) : null
    if (chunk === null || chunk.length === 0) {
      await sleep(lookEveryMs, null, { signal }).catch(() => {})
      continue
    }
    at += chunk.length
    rest = passLines(Buffer.concat([rest, chunk]), onLine)
  }
}

function passLines(text: Buffer, onLine: (line: string) => void): Buffer {
  let from = 0
  for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, from)) {
    onLine(text.toString('utf8', from, end))
    from = end + 1
  }
  const rest = text.subarray(from)
  if (rest.length <= longestLineBytes) return rest
  onLine(rest.toString('utf8'))
  return Buffer.alloc(0)
}

/** The length of a file, 0 where there is none. */
export async function sizeOf(path: string): Promise<number> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return 0
  try {
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

async function readAt(path: string, at: number, length: number): Promise<Buffer | null> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return null
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
