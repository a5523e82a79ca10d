import { BanyanError } from '@banyan/model'
import pg from 'pg'
import type { Lease } from '../pool/connections-options.ts'
import { Lost, send } from './send.ts'
import { explain, outcomeUnknown, type Shard } from './shard.ts'
import { type Compiled, compile, type SqlFragment } from './sql.ts'
import type { IsolationLevel, Row, Tx } from './types.ts'

/** The connection of a running transaction, and what is known about its state. */
export class Session {
  readonly #lease: Lease
  #last: Promise<unknown> = Promise.resolve()
  #savepoints = 0
  /** The first error of a statement, which is why a COMMIT would become a ROLLBACK. */
  fault: unknown = null
  lost: Lost | null = null
  ended = false

  constructor(lease: Lease) {
    this.#lease = lease
  }

  /** Runs a statement after those before it: a connection can do one at a time. */
  run(compiled: Compiled): Promise<pg.QueryResult> {
    const result = this.#last.then(() => this.#send(compiled))
    this.#last = result.catch(() => {})
    return result
  }

  async #send(compiled: Compiled): Promise<pg.QueryResult> {
    // What is known to be lost is not sent, which is how COMMIT can tell that it never left.
    if (this.lost !== null) throw new Lost(this.lost.cause, false)
    try {
      return await send(this.#lease.client, compiled)
    } catch (error) {
      if (error instanceof Lost) this.lost = error
      else if (error instanceof pg.DatabaseError) this.fault ??= error
      throw error
    }
  }

  /** `I`: no transaction, `T`: in one, `E`: in one that failed. */
  get status(): 'I' | 'T' | 'E' | null {
    return this.#lease.client.getTransactionStatus()
  }

  /** Done when no statement is running or waiting. */
  async settled(): Promise<void> {
    await this.#last
  }

  nextSavepoint(): string {
    this.#savepoints += 1
    return `banyan_${this.#savepoints}`
  }
}

/** The handle that a callback gets. */
class Handle implements Tx {
  readonly #session: Session
  #over = false
  #inner = false

  constructor(session: Session) {
    this.#session = session
  }

  readonly sql = async <R = Row>(
    template: TemplateStringsArray | SqlFragment,
    ...values: unknown[]
  ): Promise<R[]> => {
    this.#check()
    const compiled = compile(template, values)
    try {
      const { rows } = await this.#session.run(compiled)
      return rows as R[]
    } catch (error) {
      throw error instanceof Lost ? connectionLost(error) : explain(error)
    }
  }

  readonly savepoint = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    this.#check()
    this.#inner = true
    try {
      return await runSavepoint(this.#session, work)
    } finally {
      this.#inner = false
    }
  }

  close(): void {
    this.#over = true
  }

  #check(): void {
    if (this.#over || this.#session.ended) {
      throw new BanyanError(
        'BANYAN_TRANSACTION_ENDED',
        'The transaction is over, and was used again.',
        {
          hint: 'Await every statement inside the callback.',
        },
      )
    }
    if (this.#inner) {
      throw new BanyanError(
        'BANYAN_TRANSACTION_BUSY',
        'The transaction was used from outside while one of its savepoints runs.',
        {
          hint: 'Inside a savepoint use the handle that its callback gets; run savepoints one by one.',
        },
      )
    }
  }
}

async function runSavepoint<T>(session: Session, work: (tx: Tx) => Promise<T>): Promise<T> {
  const name = session.nextSavepoint()
  const faultBefore = session.fault
  await control(session, `savepoint ${name}`)
  const handle = new Handle(session)
  try {
    const value = await work(handle)
    handle.close()
    await control(session, `release savepoint ${name}`, true)
    return value
  } catch (error) {
    handle.close()
    if (session.lost === null) {
      await control(session, `rollback to savepoint ${name}`)
      await control(session, `release savepoint ${name}`)
      session.fault = faultBefore
    }
    throw error
  }
}

/** Runs a statement of the transaction's own. */
async function control(session: Session, text: string, releases = false): Promise<pg.QueryResult> {
  try {
    return await session.run({ text, values: [] })
  } catch (error) {
    if (error instanceof Lost) throw connectionLost(error)
    const isAborted = error instanceof pg.DatabaseError && error.code === '25P02'
    if (releases && isAborted) throw aborted(session.fault, 'The savepoint')
    throw error
  }
}

/** Runs a callback in a transaction of its own. */
export async function runTransaction<T>(
  shard: Shard,
  isolation: IsolationLevel | undefined,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { lease, session } = await begin(shard, beginText(isolation))
  const handle = new Handle(session)
  try {
    const value = await work(handle)
    handle.close()
    await commit(session)
    return value
  } catch (error) {
    handle.close()
    await rollback(session)
    throw error
  } finally {
    session.ended = true
    shard.writer.give(lease, session.lost !== null)
  }
}

const beginText = (isolation: IsolationLevel | undefined): string =>
  isolation === undefined ? 'begin' : `begin isolation level ${isolation}`

/** Nothing has happened before BEGIN is answered, so that a lost one is begun elsewhere. */
export async function begin(
  shard: Shard,
  text: string,
): Promise<{ lease: Lease; session: Session }> {
  for (let attempts = 1; ; attempts += 1) {
    const lease = await shard.leaseWriter()
    const session = new Session(lease)
    try {
      await session.run({ text, values: [] })
      return { lease, session }
    } catch (error) {
      shard.writer.give(lease, true)
      if (!(error instanceof Lost)) throw explain(error)
      if (attempts >= beginsMax) throw connectionLost(error)
    }
  }
}

const beginsMax = 5

/** Commits, and believes it only when PostgreSQL says COMMIT. */
export async function commit(session: Session): Promise<void> {
  await session.settled()
  if (session.lost === null && session.status === 'I') throw endedInside()
  let result: pg.QueryResult
  try {
    result = await session.run({ text: 'commit', values: [] })
  } catch (error) {
    if (!(error instanceof Lost)) throw explain(error)
    throw error.sent ? outcomeUnknown('COMMIT', error) : connectionLost(error)
  }
  if (result.command === 'ROLLBACK') throw aborted(session.fault, 'The transaction')
}

/** Rolls back what can be; a lost connection has done so already. */
export async function rollback(session: Session): Promise<void> {
  if (session.lost !== null) return
  try {
    await session.run({ text: 'rollback', values: [] })
  } catch {
    // The lease is looked at when it is given back: one that is still in a transaction is closed.
  }
}

export const connectionLost = (lost: Lost): BanyanError =>
  new BanyanError(
    'BANYAN_CONNECTION_LOST',
    'The connection was lost before the transaction was committed, so that nothing of it stays.',
    {
      hint: 'Run it again, or pass `{ retry: true }` if its callback has no effect outside the database.',
      cause: lost.cause,
      details: { retryable: true },
    },
  )

const endedInside = (): BanyanError =>
  new BanyanError(
    'BANYAN_TRANSACTION_ENDED',
    'A statement inside the transaction was COMMIT or ROLLBACK, so that it was over before its callback.',
    {
      hint: 'Return from the callback to commit, throw to roll back; use `tx.savepoint` for a part.',
    },
  )

const aborted = (fault: unknown, what: string): BanyanError =>
  new BanyanError(
    'BANYAN_TRANSACTION_ABORTED',
    `${what} was rolled back by PostgreSQL, because a statement in it had failed${describe(fault)}.`,
    {
      hint: 'Let the error of a statement end the callback, or run a statement that may fail in `tx.savepoint`.',
      cause: fault ?? undefined,
    },
  )

const describe = (fault: unknown): string => (fault instanceof Error ? ` (${fault.message})` : '')
