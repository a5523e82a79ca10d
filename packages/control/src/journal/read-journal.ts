import { readFile } from 'node:fs/promises'
import type { JournalLine } from './entry.ts'
import { type BrokenLine, brokenJournal, newerJournal, unwritableJournal } from './faults.ts'
import { History } from './history.ts'
import { parseLine } from './parse-line.ts'

/** What lies in a journal's file; `whole` is where its last whole line ends. */
export type ReadJournal = {
  readonly history: History
  /** Each line as it was read, with its end. */
  readonly lines: readonly { readonly climb: string; readonly bytes: Buffer }[]
  readonly whole: number
  readonly size: number
}

/**
 * Reads and judges all of a journal, and changes nothing. What follows the last line's end was being
 * written when somebody died: its effect had not begun, so it counts as never written.
 */
export async function readJournal(path: string): Promise<ReadJournal> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw unwritableJournal(path, error)
  })
  const whole = bytes.lastIndexOf('\n') + 1
  const history = new History()
  const faults: BrokenLine[] = []
  const lines = splitLines(bytes.subarray(0, whole)).flatMap((line, index) => {
    const number = index + 1
    const parsed = parseLine(line.subarray(0, -1))
    if (parsed.outcome === 'newer') throw newerJournal(path, number, parsed.format)
    const what = parsed.outcome === 'broken' ? parsed.what : follow(history, parsed.line)
    if (what !== null) faults.push({ number, what })
    return parsed.outcome === 'read' ? [{ climb: parsed.line.climb, bytes: line }] : []
  })
  if (faults.length > 0) throw brokenJournal(path, faults)
  return { history, lines, whole, size: bytes.length }
}

function follow(history: History, line: JournalLine): string | null {
  const objection = history.objectionTo(line)
  if (objection === null) history.take(line, line.at)
  return objection
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf('\n', from) + 1
    lines.push(bytes.subarray(from, end))
    from = end
  }
  return lines
}
