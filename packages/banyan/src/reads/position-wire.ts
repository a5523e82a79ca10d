import type { Duplex } from 'node:stream'
import pg from 'pg'
import { GrowingPatience } from '../growing-patience.ts'
import { cut, endClient } from '../pool/client.ts'
import { openClient } from '../pool/open-client.ts'
import { AnswerReader } from './answer-reader.ts'
import { readCounts } from './counts.ts'
import type { Position } from './position.ts'
import { lifeSql, positionSql } from './position-sql.ts'

/** Null: the server gave no answer. */
export type Asked = (position: Position | null) => void

export type WireOptions = {
  readonly config: pg.ClientConfig
  readonly termIsRow: boolean
  readonly connectTimeoutMs: number
  /** The connection stands, or is gone. */
  readonly changed: () => void
}

const statement = 'banyan_position'

/**
 * One connection that asks one server for its position, over and over. It is opened by node-postgres, TLS
 * and passwords and all; then the one question is prepared, and from there on the same bytes are written
 * each time, and the answers read by {@link AnswerReader}: a fifth of what a query costs.
 */
export class PositionWire {
  /** Which life of the server the connection talks to; null while there is none. */
  life: string | null = null
  /** Since when the oldest question waits; 0: none does. */
  waitingSinceMs = 0

  readonly #options: WireOptions
  readonly #asked: Asked[] = []
  #client: pg.Client | null = null
  #stream: Duplex | null = null
  readonly #patience: GrowingPatience
  #opening = false
  #closed = false

  constructor(options: WireOptions) {
    this.#options = options
    this.#patience = new GrowingPatience(options.connectTimeoutMs)
  }

  get isOpen(): boolean {
    return this.#stream !== null
  }

  /** Opens the connection if there is none. Whether that was possible is told by `changed`. */
  open(): void {
    if (this.#closed || this.#opening || this.#client !== null) return
    this.#opening = true
    const { config } = this.#options
    openClient(
      { Client: pg.Client, config, timeoutMs: this.#patience.ms },
      (_error, client) => {
        if (client === null) this.#refused()
        else void this.#prepare(client)
      },
      () => this.#gone(),
    )
  }

  /** Asks now. The answer comes later, or null when the connection ends before it. */
  ask(asked: Asked): void {
    const stream = this.#stream
    if (stream === null) {
      process.nextTick(asked, null)
      return
    }
    if (this.#asked.length === 0) this.waitingSinceMs = performance.now()
    this.#asked.push(asked)
    readCounts.questions += 1
    stream.write(question)
  }

  /** Ends the connection at once; whoever waits is told. It may be opened again. */
  cut(): void {
    if (this.#client !== null) cut(this.#client)
  }

  close(): Promise<void> {
    this.#closed = true
    const client = this.#client
    if (client === null) return Promise.resolve()
    return new Promise((resolve) => endClient(client, resolve))
  }

  #refused(): void {
    this.#opening = false
    this.#patience.wasTooShort()
  }

  async #prepare(client: pg.Client): Promise<void> {
    this.#client = client
    try {
      const { rows } = await client.query<{ life: string }>(lifeSql)
      const text = `prepare ${statement} as ${positionSql(this.#options.termIsRow)}`
      await client.query(text)
      if (this.#closed) throw new Error('It was closed meanwhile.')
      this.life = rows[0]?.life ?? null
      this.#takeOver(client)
    } catch {
      cut(client)
    }
    this.#opening = false
    if (this.#stream !== null) this.#options.changed()
  }

  /** From here on node-postgres only watches over the end of the connection. */
  #takeOver(client: pg.Client): void {
    this.#patience.wasEnough()
    const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection
    const reader = new AnswerReader((position) => this.#answered(position))
    stream.removeAllListeners('data')
    stream.on('data', (chunk: Buffer) => reader.take(chunk))
    this.#stream = stream
  }

  #answered(position: Position | null): void {
    const asked = this.#asked.shift()
    this.waitingSinceMs = this.#asked.length === 0 ? 0 : performance.now()
    asked?.(position)
  }

  #gone(): void {
    const wasOpen = this.#stream !== null
    this.#client = null
    this.#stream = null
    this.life = null
    this.#opening = false
    this.waitingSinceMs = 0
    for (const asked of this.#asked.splice(0)) asked(null)
    if (wasOpen) this.#options.changed()
  }
}

const question = questionOf(statement)

/** Bind without parameters, Execute without a limit, Sync (PostgreSQL manual, "Message Formats"). */
function questionOf(name: string): Buffer {
  return Buffer.concat([
    message('B', `\0${name}\0`, [0, 0, 0, 0, 0, 0]),
    message('E', '\0', [0, 0, 0, 0]),
    message('S', '', []),
  ])
}

function message(kind: string, text: string, numbers: readonly number[]): Buffer {
  const body = Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from(numbers)])
  const header = Buffer.alloc(5)
  header.write(kind, 'latin1')
  header.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}
