import { open } from 'node:fs/promises'

const chunkBytes = 65_536

/**
 * The last lines of a file, read from its end; empty where there is no file. `since` is the byte
 * before which nothing is read: what an earlier run printed.
 */
export async function lastLines(path: string, count: number, since = 0): Promise<string[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (file === null) return []
  try {
    let from = (await file.stat()).size
    let text = Buffer.alloc(0)
    while (from > since && countLines(text) <= count) {
      const length = Math.min(chunkBytes, from - since)
      from -= length
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, from)
      text = Buffer.concat([buffer, text])
    }
    const lines = text.toString('utf8').split('\n')
    if (lines.at(-1) === '') lines.pop()
    return count === 0 ? [] : lines.slice(-count)
  } finally {
    await file.close()
  }
}

function countLines(text: Buffer): number {
  const newline = 10
  let lines = 0
  for (const byte of text) if (byte === newline) lines += 1
  return lines
}
