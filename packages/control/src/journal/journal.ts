import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { ClimbReport } from '../api/types.ts'
import { type JournalEntry, type JournalLine, journalFormat } from './entry.ts'
import { unwritableJournal } from './faults.ts'
import type { History, UnfinishedClimb } from './history.ts'
import { prune, syncDirectory } from './prune.ts'
import { readJournal } from './read-journal.ts'

/** What climbs did and were about to do, on the disk before it is done. */
export type Journal = {
  /**
   * Returns once the line is on the disk. When it cannot be written nothing of it stays, and what it
   * would have announced must not be done.
   *
   * @throws BANYAN_STATE_UNWRITABLE
   */
  append(entry: JournalEntry): Promise<void>
  /** The last climb, where it has not ended. */
  unfinished(): UnfinishedClimb | null
  /** How a climb ended; null while it goes on, and where no such climb is known. */
  reportOf(climb: string): ClimbReport | null
  close(): Promise<void>
}

/**
 * Opens the journal of a state directory, or makes it. Whoever calls holds the lock of the directory.
 *
 * @example
 * const journal = await openJournal(paths.journal)
 * await journal.append({ kind: 'turn', climb, to: ['single'], reason: null })
 * @throws BANYAN_STATE_BROKEN for a line that is not ours, BANYAN_STATE_NEWER for one of a later format;
 *   both before anything is changed.
 */
export async function openJournal(path: string): Promise<Journal> {
  const found = await readJournal(path)
  if (await prune(path, found)) return await openJournal(path)
  try {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    if (found.size > found.whole) await file.truncate(found.whole)
    await file.sync()
    await syncDirectory(path)
    return new FileJournal(path, file, found.history, found.whole)
  } catch (error) {
    throw unwritableJournal(path, error)
  }
}

class FileJournal implements Journal {
  readonly #path: string
  readonly #file: FileHandle
  readonly #history: History
  /** Where the next line goes. */
  #size: number
  /** Half a line may lie behind `#size`, which has to go before another is written. */
  #torn = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, file: FileHandle, history: History, size: number) {
    this.#path = path
    this.#file = file
    this.#history = history
    this.#size = size
  }

  async append(entry: JournalEntry): Promise<void> {
    const turn = this.#last.then(async () => await this.#write(entry))
    this.#last = turn.catch(() => {})
    await turn
  }

  unfinished(): UnfinishedClimb | null {
    return this.#history.unfinished()
  }

  reportOf(climb: string): ClimbReport | null {
    return this.#history.reportOf(climb)
  }

  async close(): Promise<void> {
    await this.#last
    await this.#file.close()
  }

  async #write(entry: JournalEntry): Promise<void> {
    // What would be refused when it is read is a fault of ours, and must never get there.
    const objection = this.#history.objectionTo(entry)
    if (objection !== null) throw new Error(`not for the journal: ${objection}`)
    const at = new Date().toISOString()
    const line: JournalLine = { format: journalFormat, at, ...entry }
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    try {
      await this.#cutTorn()
      this.#torn = true
      await this.#writeWhole(bytes)
      await this.#file.datasync()
    } catch (error) {
      // Tried again before the next line, should it fail now.
      await this.#cutTorn().catch(() => {})
      throw unwritableJournal(this.#path, error)
    }
    this.#torn = false
    this.#size += bytes.length
    this.#history.take(entry, at)
  }

  /** A disk with room for half a line takes that half and says nothing. */
  async #writeWhole(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done
      done += (await this.#file.write(bytes, done, left, this.#size + done)).bytesWritten
    }
  }

  async #cutTorn(): Promise<void> {
    if (!this.#torn) return
    await this.#file.truncate(this.#size)
    await this.#file.sync()
    this.#torn = false
  }
}
