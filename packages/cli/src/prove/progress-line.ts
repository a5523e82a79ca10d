import type { Progress } from '@banyan/prove'
import { sayMs } from './print-report.ts'

/** One line that is written over each second. Only on a terminal: a file would get them all, see `sayBegun`. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream
  readonly #seconds: number

  constructor(stream: NodeJS.WriteStream, seconds: number) {
    this.#stream = stream
    this.#seconds = seconds
  }

  readonly show = (progress: Progress): void => {
    if (!this.#stream.isTTY) return
    const text = sayProgress(progress, this.#seconds)
    this.#stream.write(`\r${text.slice(0, this.#stream.columns || 80)}\u001b[K`)
  }

  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K')
  }
}

/** One line once the load has begun, for whoever does something to the system meanwhile. */
export function sayBegun(stream: NodeJS.WritableStream): (progress: Progress) => void {
  let hasBegun = false
  return ({ phase }) => {
    if (hasBegun || phase !== 'load') return
    hasBegun = true
    stream.write(`${begunSentence}\n`)
  }
}

const begunSentence = 'The load has begun.'

/** `12 of 60 s  300/s  p99 4.1 ms  failed 0  longest gap 15 ms`. */
export function sayProgress(progress: Progress, seconds: number): string {
  const { phase, second, rate, p99Ms, failed, longestGapMs } = progress
  if (phase === 'setting up') return 'setting up …'
  const sums = `failed ${failed}  longest gap ${sayMs(longestGapMs)}`
  if (phase !== 'load') return `${phase} …  ${sums}`
  return `${second} of ${seconds} s  ${rate}/s  p99 ${sayMs(p99Ms)}  ${sums}`
}
