import { appendFile, chmod, readFile, rename, stat } from 'node:fs/promises'
import { BanyanError } from '@banyan/model'
import type { AuditEntry } from './types.ts'

const bytesMax = 2_097_152
const shownMax = 500

export type AuditOptions = {
  readonly path: string
  /** Told when the file cannot be written, once until it can be again. */
  readonly onTrouble?: (sentence: string) => void
}

/** What somebody asks for, before it is known how it goes. */
export type Asked = Pick<AuditEntry, 'who' | 'action' | 'target'>

/**
 * Who did what, one line of JSON each, in a file of mode 0600 that is bounded: what has grown past two
 * megabytes becomes `<file>.1`. A full disk keeps nobody from mending things: what could not be written stays
 * in memory, and is written before whatever comes next.
 */
export class AuditLog {
  readonly #options: AuditOptions
  #entries: AuditEntry[] = []
  #unwritten: AuditEntry[] = []
  #writing: Promise<void> = Promise.resolve()
  #troubled = false

  private constructor(options: AuditOptions) {
    this.#options = options
  }

  static async open(options: AuditOptions): Promise<AuditLog> {
    const log = new AuditLog(options)
    log.#entries = [
      ...(await readEntries(`${options.path}.1`)),
      ...(await readEntries(options.path)),
    ]
    log.#entries = log.#entries.slice(-shownMax)
    return log
  }

  get path(): string {
    return this.#options.path
  }

  /** Newest first. */
  get entries(): readonly AuditEntry[] {
    return this.#entries.toReversed()
  }

  /** Does what was asked for, and writes down how it went before anybody is answered. */
  async around<Answer>(
    asked: Asked,
    act: () => Promise<Answer>,
    targetOf: (answer: Answer) => string | null = () => asked.target,
  ): Promise<Answer> {
    const at = new Date().toISOString()
    const began = performance.now()
    const end = async (rest: Pick<AuditEntry, 'outcome' | 'code' | 'target'>) =>
      await this.add({ at, ...asked, ...rest, ms: Math.round(performance.now() - began) })
    try {
      const answer = await act()
      await end({ outcome: 'done', code: null, target: targetOf(answer) })
      return answer
    } catch (error) {
      const code = BanyanError.is(error) ? error.code : 'BANYAN_CONTROL_FAILED'
      const outcome = BanyanError.is(error) ? 'refused' : 'failed'
      await end({ outcome, code, target: asked.target })
      throw error
    }
  }

  /** Returns when the entry is in the file, or cannot be. */
  async add(entry: AuditEntry): Promise<void> {
    this.#entries = [...this.#entries, entry].slice(-shownMax)
    this.#unwritten = [...this.#unwritten, entry].slice(-shownMax)
    this.#writing = this.#writing.then(async () => await this.#write())
    await this.#writing
  }

  async #write(): Promise<void> {
    const { path, onTrouble = () => {} } = this.#options
    const entries = this.#unwritten
    if (entries.length === 0) return
    try {
      await makeRoom(path)
      const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
      await appendFile(path, lines, { mode: 0o600 })
      this.#unwritten = this.#unwritten.filter((entry) => !entries.includes(entry))
      this.#troubled = false
    } catch (error) {
      if (this.#troubled) return
      this.#troubled = true
      onTrouble(
        `The audit log ${path} cannot be written: ${(error as Error).message}. It is kept in memory.`,
      )
    }
  }
}

async function makeRoom(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found === null) return
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o600)
  if (found.size > bytesMax) await rename(path, `${path}.1`)
}

/** What a process that was killed while it wrote has left of a line is passed over. */
async function readEntries(path: string): Promise<AuditEntry[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .slice(-shownMax - 1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as AuditEntry]
      } catch {
        return []
      }
    })
}
