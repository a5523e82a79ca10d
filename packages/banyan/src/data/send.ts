import type pg from 'pg'
import { isUsable } from '../pool/client.ts'
import { endsConnection } from '../pool/failures.ts'
import { Statement } from '../pool/statement.ts'
import { type SeenTransaction, statementBegan, statementEnded } from '../telemetry/watch.ts'
import type { Compiled } from './sql.ts'

/** The connection ended under a statement. What that means depends on what the statement was. */
export class Lost extends Error {
  /** Whether the statement was given to the socket; if not, nothing can have happened. */
  readonly sent: boolean

  constructor(cause: unknown, sent: boolean) {
    super('The connection was lost.', { cause })
    this.sent = sent
  }
}

/** Runs one statement on a connection. Fails with PostgreSQL's own error, or with {@link Lost}. */
export function send(
  client: pg.ClientBase,
  compiled: Compiled,
  within: SeenTransaction | null = null,
): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const done = (error: unknown, result: pg.QueryResult | null): void => {
      if (result === null) reject(error)
      else resolve(result)
    }
    submit(client, compiled, done, within)
  })
}

/** The same for whoever needs no promise. Without a result there is an error. */
export function submit(
  client: pg.ClientBase,
  { text, values, context }: Compiled,
  done: (error: unknown, result: pg.QueryResult | null) => void,
  within: SeenTransaction | null = null,
): void {
  const seen = statementBegan(client, text, within, context)
  const statement = new Statement(text, values, (error, result) => {
    if (seen !== null) statementEnded(seen, error, result?.command)
    if (error === null || error === undefined) done(null, result)
    else done(isLoss(error, client) ? new Lost(error, statement.sent) : error, null)
  })
  client.query(statement as unknown as pg.Submittable)
}

/** A statement whose rows nobody wants: without its key it may find a great many. */
class Count extends Statement {
  handleDataRow(): void {}
}

/** Runs one statement and gives the number of rows that it found or changed. */
export function sendCounting(
  client: pg.ClientBase,
  { text, values }: Compiled,
  within: SeenTransaction | null = null,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const seen = statementBegan(client, text, within)
    const statement = new Count(text, values, (error, result) => {
      if (seen !== null) statementEnded(seen, error, result?.command)
      if (error === null || error === undefined) resolve(result.rowCount ?? 0)
      else reject(isLoss(error, client) ? new Lost(error, statement.sent) : error)
    })
    client.query(statement as unknown as pg.Submittable)
  })
}

/** Several statements in one text, which the simple protocol takes in one round trip. */
class Script extends Statement {
  override queryMode = undefined
}

/** Runs statements of our own, without parameters. The first that fails is the last. */
export function sendScript(
  client: pg.ClientBase,
  text: string,
  within: SeenTransaction | null = null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const seen = statementBegan(client, text, within)
    const script = new Script(text, [], (error) => {
      if (seen !== null) statementEnded(seen, error, null)
      if (error === null || error === undefined) resolve()
      else reject(isLoss(error, client) ? new Lost(error, script.sent) : error)
    })
    client.query(script as unknown as pg.Submittable)
  })
}

/** Runs a statement where the session itself cannot be told to read only: in a transaction that is. */
export async function sendReadOnly(
  client: pg.ClientBase,
  compiled: Compiled,
): Promise<pg.QueryResult> {
  await sendScript(client, 'begin read only')
  try {
    const result = await send(client, compiled)
    await sendScript(client, 'commit')
    return result
  } catch (error) {
    if (!(error instanceof Lost)) await sendScript(client, 'rollback')
    throw error
  }
}

const isLoss = (error: unknown, client: pg.ClientBase): boolean =>
  endsConnection(error) || !isUsable(client)

/** Makes the stack of an error show who asked, instead of the socket that answered. */
export function showCaller(error: unknown): void {
  if (error instanceof Error) Error.captureStackTrace(error, showCaller)
}
