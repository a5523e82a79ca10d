import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'

/** What is larger is judged by size and time. */
const readBytesMax = 8_388_608

/**
 * Remembers what was in files, so that one that is written again with the same content is no change:
 * what a build writes, for one, would otherwise start the next build.
 */
export class Contents {
  readonly #known = new Map<string, string>()

  /** Whether the file is another than when it was last asked about. One never asked about is. */
  async isNew(path: string): Promise<boolean> {
    const print = await fingerprint(path)
    const same = this.#known.get(path) === print
    this.#known.set(path, print)
    return !same
  }
}

async function fingerprint(path: string): Promise<string> {
  try {
    const found = await stat(path)
    // Whoever opens a pipe waits for its other end, and never ends while he waits.
    if (!found.isFile()) return 'no file'
    const { size, mtimeMs } = found
    if (size > readBytesMax) return `${size}:${mtimeMs}`
    return createHash('sha1')
      .update(await readFile(path))
      .digest('hex')
  } catch {
    return 'gone'
  }
}
