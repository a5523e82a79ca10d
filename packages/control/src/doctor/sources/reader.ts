import { readFile, stat } from 'node:fs/promises'
import type { Limits, NotRead } from './limits.ts'
import { parseSource } from './parse.ts'
import type { Source } from './source.ts'

/** Reads files of code, each once, within the limits, and remembers what it could not read. */
export type Reader = {
  readonly read: (path: string) => Promise<Source | null>
  readonly notRead: NotRead[]
  readonly count: () => number
}

export function makeReader(limits: Limits): Reader {
  const known = new Map<string, Promise<Source | null>>()
  const notRead: NotRead[] = []
  let bytes = 0
  let count = 0
  const refuse = (path: string, why: string) => {
    notRead.push({ path, why })
    return null
  }
  const readOnce = async (path: string): Promise<Source | null> => {
    const found = await stat(path).catch((error: Error) => error)
    if (found instanceof Error) return refuse(path, found.message)
    if (found.size > limits.bytesPerFile) return refuse(path, `it has ${found.size} bytes`)
    if (count >= limits.files || bytes + found.size > limits.bytes) {
      return refuse(path, 'the limit of what the doctor reads was reached')
    }
    count++
    bytes += found.size
    const text = await readFile(path, 'utf8').catch((error: Error) => error)
    if (text instanceof Error) return refuse(path, text.message)
    const parsed = parseSource(path, text)
    return 'source' in parsed ? parsed.source : refuse(path, parsed.problem)
  }
  const read = (path: string) => {
    const source = known.get(path) ?? readOnce(path)
    known.set(path, source)
    return source
  }
  return { read, notRead, count: () => count }
}
