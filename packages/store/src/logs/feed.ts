import type { ServerResponse } from 'node:http'
import type { LogLine, LogQuery } from '../api/types.ts'
import { matcherOf } from './words.ts'

/** So much may wait for a reader that is slow; lines beyond are left out, and it is told how many. */
const waitingMax = 1_048_576
const readersMax = 64
const beatMs = 15_000

type Reader = {
  readonly response: ServerResponse
  readonly matches: ReturnType<typeof matcherOf>
  missed: number
}

/** The live tail: every line as it comes, to everybody who follows. */
export class LogFeed {
  readonly #readers = new Set<Reader>()
  readonly #beat: NodeJS.Timeout

  constructor() {
    // A connection that is idle for long is taken for dead by what may stand between.
    this.#beat = setInterval(() => this.#say(':\n\n'), beatMs)
    this.#beat.unref()
  }

  /** Whether one more may follow. */
  get hasRoom(): boolean {
    return this.#readers.size < readersMax
  }

  add(response: ServerResponse, query: LogQuery): void {
    const reader = { response, matches: matcherOf(query), missed: 0 }
    this.#readers.add(reader)
    response.once('close', () => this.#readers.delete(reader))
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.write(':\n\n')
  }

  send(lines: readonly LogLine[]): void {
    for (const reader of this.#readers) {
      for (const line of lines) if (reader.matches(line)) pass(reader, line)
    }
  }

  close(): void {
    clearInterval(this.#beat)
    for (const { response } of this.#readers) response.end()
  }

  #say(text: string): void {
    for (const { response } of this.#readers) {
      if (response.writableLength === 0) response.write(text)
    }
  }
}

function pass(reader: Reader, line: LogLine): void {
  const { response } = reader
  if (response.writableLength > waitingMax) {
    reader.missed += 1
    return
  }
  if (reader.missed > 0)
    response.write(`event: missed\ndata: ${JSON.stringify({ lines: reader.missed })}\n\n`)
  reader.missed = 0
  response.write(`id: ${line.id}\ndata: ${JSON.stringify(line)}\n\n`)
}
