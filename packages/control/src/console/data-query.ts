import { BanyanError } from '@banyan/model'
import type { Client, DatabaseError, Submittable } from 'pg'

/** What one statement answered, as far as it is shown. */
export type ReadAnswer = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
  readonly cut: boolean
}

export const rowsMax = 500
export const bytesMax = 1_048_576
/** Of what the server sends before it can be told to stop: a row comes whole or not at all. */
const wireBytesMax = 4 * bytesMax

/** The part of pg's connection that the extended protocol takes. */
type Wire = {
  readonly stream: {
    on(event: 'data', listener: (chunk: Buffer) => void): void
    destroy(error?: Error): void
  }
  once(event: 'noData', listener: () => void): void
  parse(message: { text: string; name: string; types: [] }): void
  describe(message: { type: 'S' | 'P'; name: string }): void
  bind(message: { portal: string; statement: string; values: []; binary: boolean }): void
  execute(message: { portal: string; rows: number }): void
  flush(): void
  sync(): void
}

/**
 * Has the server run one statement as far as its first rows. The extended protocol takes one statement, never
 * several; it is described before it is run, so that one that answers with no rows (SET, COPY, BEGIN, INSERT)
 * never runs; and its portal is asked for as many rows as are shown, and one more.
 */
export async function readSome(client: Client, text: string): Promise<ReadAnswer> {
  return await new Promise((resolve, reject) => {
    const reading = new Reading(text, (outcome) =>
      outcome instanceof Error ? reject(outcome) : resolve(outcome),
    )
    client.once('error', (error) => reading.fail(error))
    client.query(reading as unknown as Submittable)
  })
}

class Reading {
  readonly #text: string
  readonly #end: (outcome: ReadAnswer | Error) => void
  #columns: readonly string[] = []
  readonly #rows: (readonly (string | null)[])[] = []
  #bytes = 0
  #wireBytes = 0
  #cut = false
  #wire: Wire | null = null
  /** pg calls it when a connection breaks; what matters is told by `fail`. */
  readonly callback = (error: Error | null): void => {
    if (error) this.fail(error)
  }

  constructor(text: string, end: (outcome: ReadAnswer | Error) => void) {
    this.#text = text
    this.#end = end
  }

  submit(wire: Wire): void {
    this.#wire = wire
    wire.stream.on('data', (chunk) => this.#weigh(wire, chunk.length))
    wire.once('noData', () => this.fail(readsNothing()))
    wire.parse({ text: this.#text, name: '', types: [] })
    wire.describe({ type: 'S', name: '' })
    wire.flush()
  }

  fail(error: Error): void {
    // An answer that grew too large ends its connection, and what came until then is shown.
    if (this.#cut) this.#finish()
    else this.#end(error)
  }

  handleRowDescription({ fields }: { fields: readonly { name: string }[] }): void {
    this.#columns = fields.map(({ name }) => name)
    this.#wire?.bind({ portal: '', statement: '', values: [], binary: false })
    this.#wire?.execute({ portal: '', rows: rowsMax + 1 })
    this.#wire?.flush()
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    if (this.#cut) return
    for (const field of fields) this.#bytes += field === null ? 0 : Buffer.byteLength(field)
    if (this.#rows.length >= rowsMax || this.#bytes > bytesMax) this.#cut = true
    else this.#rows.push(fields)
  }

  handlePortalSuspended(): void {
    this.#cut = true
    this.#finish()
  }

  handleCommandComplete(): void {
    this.#finish()
  }

  handleEmptyQuery(): void {
    this.fail(readsNothing())
  }

  handleError(error: DatabaseError): void {
    this.fail(error)
  }

  handleReadyForQuery(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}

  #finish(): void {
    const isEmpty = this.#rows.length === 0 && this.#cut
    const answer = { columns: this.#columns, rows: this.#rows, cut: this.#cut }
    this.#end(isEmpty ? tooLarge() : answer)
  }

  /** One value may have a gigabyte, and pg would gather all of it. */
  #weigh({ stream }: Wire, bytes: number): void {
    this.#wireBytes += bytes
    if (this.#wireBytes <= wireBytesMax) return
    this.#cut = true
    stream.destroy(new Error('the answer is too large'))
    this.fail(tooLarge())
  }
}

function readsNothing(): BanyanError {
  return new BanyanError(
    'BANYAN_SQL_FAILED',
    'The statement answers with no rows, and was not run.',
    {
      hint: 'Here, data is only read: SELECT, TABLE, VALUES, SHOW, EXPLAIN. Use "banyan sql" for the rest.',
      details: { sqlstate: null, position: null },
    },
  )
}

function tooLarge(): BanyanError {
  return new BanyanError('BANYAN_SQL_FAILED', 'The first row alone is larger than 1 MiB.', {
    hint: 'Ask for fewer columns, or for a part of them: left(body, 1000).',
    details: { sqlstate: null, position: null },
  })
}
