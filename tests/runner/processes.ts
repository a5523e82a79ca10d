import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process of a run: its number alone could be another one's by now. */
export type Process = { readonly pid: number; readonly startTime: string; readonly command: string }

type Entry = Omit<Process, 'command'> & { readonly parent: number }

/**
 * Watches which processes a test run starts, so that at its end none is left. Three marks tell one:
 * it descends from this process, as seen twice a second; its environment carries the marker; or its
 * working directory lies in the run's temporary folder (PostgreSQL gets a clean environment and
 * outlives its parent). Only on Linux, where /proc tells; elsewhere it sees nothing.
 */
export class ProcessWatch {
  readonly #marker: string
  readonly #folder: string
  readonly #seen = new Set<string>()
  /** What is older than this process is none of the run. */
  readonly #began = Number(readProcess(process.pid)?.startTime ?? 0)
  readonly #timer: NodeJS.Timeout

  constructor(marker: string, folder: string) {
    this.#marker = marker
    this.#folder = folder
    this.#timer = setInterval(() => this.#look(), 500)
    this.#timer.unref()
  }

  /** Ends what the run left behind, by its number, and tells what it was. */
  async end(): Promise<Process[]> {
    clearInterval(this.#timer)
    await this.#settle()
    const left = this.#alive()
    for (let attempt = 0; attempt < 20; attempt++) {
      const alive = this.#alive()
      if (alive.length === 0) break
      for (const { pid } of alive) kill(pid)
      await sleep(100)
    }
    return left
  }

  /** A process that was just told to end may need a moment; one that was not will still be there. */
  async #settle(): Promise<void> {
    for (let waited = 0; waited < 2_000 && this.#alive().length > 0; waited += 100) await sleep(100)
  }

  #alive(): Process[] {
    return this.#look()
      .filter(({ pid, startTime }) => this.#seen.has(`${pid} ${startTime}`))
      .map((entry) => ({ ...entry, command: commandOf(entry.pid) }))
  }

  /** Reads the process table once; children of the known ones become known. */
  #look(): Entry[] {
    const table = processTable()
    const known = new Set([process.pid])
    for (const one of table) if (this.#isKnown(one)) known.add(one.pid)
    for (let grew = true; grew; ) {
      grew = false
      for (const one of table) {
        if (known.has(one.pid) || !known.has(one.parent)) continue
        known.add(one.pid)
        this.#seen.add(`${one.pid} ${one.startTime}`)
        grew = true
      }
    }
    return table
  }

  #isKnown(one: Entry): boolean {
    const key = `${one.pid} ${one.startTime}`
    if (this.#seen.has(key)) return true
    if (one.pid === process.pid || Number(one.startTime) < this.#began) return false
    if (!this.#isMarked(one.pid)) return false
    this.#seen.add(key)
    return true
  }

  #isMarked(pid: number): boolean {
    try {
      if (`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${this.#folder}/`)) return true
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(this.#marker)
    } catch {
      return false
    }
  }
}

function processTable(): Entry[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null)
}

/** The command's name in parentheses may hold anything; the fields are counted after it. */
function readProcess(pid: number): Entry | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return null
    return { pid, startTime: fields[19] ?? '', parent: Number(fields[1]) }
  } catch {
    return null
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return 'it has just ended'
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself in between.
  }
}
