import { BanyanError } from '@banyan/model'
import { narrowSql } from '@banyan/postgres'
import pg from 'pg'
import type { Lease } from '../pool/connections-options.ts'
import { type SeenTransaction, transactionBegan, transactionEnded } from '../telemetry/watch.ts'
import { claim, type Keyed, store } from './idempotency.ts'
import { type Narrowing, runNarrowed } from './narrow.ts'
import { Lost } from './send.ts'
import { Session } from './session.ts'
import { explain, outcomeUnknown, type Shard } from './shard.ts'
import { compile, type SqlFragment } from './sql.ts'
import type { IsolationLevel, Row, Tx } from './types.ts'

/** Handles of one callback that differ in their key are over together, and busy together. */
type HandleState = { over: boolean; inner: boolean }

/** The handle that a callback gets. */
export class Handle implements Tx {
  readonly #session: Session
  readonly #narrowing: Narrowing | null
  readonly #state: HandleState

  constructor(
    session: Session,
    narrowing: Narrowing | null,
    state: HandleState = { over: false, inner: false },
  ) {
    this.#session = session
    this.#narrowing = narrowing
    this.#state = state
  }

  /** The same transaction for statements of another key. */
  narrowedTo(narrowing: Narrowing): Handle {
    return new Handle(this.#session, narrowing, this.#state)
  }

  readonly sql = async <R = Row>(
    template: TemplateStringsArray | SqlFragment,
    ...values: unknown[]
  ): Promise<R[]> => {
    this.#check()
    const compiled = compile(template, values)
    try {
      const { rows } =
        this.#narrowing === null
          ? await this.#session.run(compiled)
          : await runNarrowed(this.#session, this.#narrowing, compiled)
      return rows as R[]
    } catch (error) {
      throw error instanceof Lost ? connectionLost(error) : explain(error)
    }
  }

  readonly savepoint = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    this.#check()
    this.#state.inner = true
    try {
      return await runSavepoint(this.#session, this.#narrowing, work)
    } finally {
      this.#state.inner = false
    }
  }

  close(): void {
    this.#state.over = true
  }

  #check(): void {
    if (this.#state.over || this.#session.ended) {
      throw new BanyanError(
        'BANYAN_TRANSACTION_ENDED',
        'The transaction is over, and was used again.',
        {
          hint: 'Await every statement inside the callback.',
        },
      )
    }
    if (this.#state.inner) {
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

async function runSavepoint<T>(
  session: Session,
  narrowing: Narrowing | null,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const name = session.nextSavepoint()
  const faultBefore = session.fault
  await control(session, `savepoint ${name}`)
  const handle = new Handle(session, narrowing)
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
export function runTransaction<T>(
  shard: Shard,
  isolation: IsolationLevel | undefined,
  work: (tx: Handle) => Promise<T>,
  narrowing: Narrowing | null,
  keyed: Keyed | null = null,
): Promise<T> {
  const seen = transactionBegan()
  const running = runOnce(shard, isolation, work, narrowing, keyed, seen)
  return seen === null ? running : watched(seen, running)
}

async function watched<T>(seen: SeenTransaction, running: Promise<T>): Promise<T> {
  try {
    const value = await running
    transactionEnded(seen)
    return value
  } catch (error) {
    transactionEnded(seen, error)
    throw error
  }
}

async function runOnce<T>(
  shard: Shard,
  isolation: IsolationLevel | undefined,
  work: (tx: Handle) => Promise<T>,
  narrowing: Narrowing | null,
  keyed: Keyed | null,
  seen: SeenTransaction | null,
): Promise<T> {
  const { lease, session } = await begin(shard, beginText(isolation), narrowing, seen)
  const handle = new Handle(session, narrowing)
  try {
    const value = await (keyed === null ? work(handle) : workOnce(session, handle, work, keyed))
    handle.close()
    await commit(session)
    const noted = shard.noteWrite()
    if (noted !== null) await noted
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

/** Runs the callback unless somebody has done so with this key, and stores what it gave. */
async function workOnce<T>(
  session: Session,
  handle: Handle,
  work: (tx: Handle) => Promise<T>,
  keyed: Keyed,
): Promise<T> {
  const { key } = keyed
  keyed.stage = 'claim'
  const stored = await knowing(claim(session, key))
  if (stored !== null) {
    keyed.stage = 'commit'
    return stored.value as T
  }
  keyed.stage = 'work'
  const value = await work(handle)
  await session.settled()
  // What failed, or was ended by the callback, is for `commit` to tell.
  const given = session.status === 'T' ? await knowing(store(session, key, value)) : value
  keyed.stage = 'commit'
  return given as T
}

/** What a statement of our own ended with, as one of the callback would have. */
const knowing = <V>(statement: Promise<V>): Promise<V> =>
  statement.catch((error: unknown) => {
    throw error instanceof Lost ? connectionLost(error) : explain(error)
  })

const beginText = (isolation: IsolationLevel | undefined): string =>
  isolation === undefined ? 'begin' : `begin isolation level ${isolation}`

/** Nothing has happened before BEGIN is answered, so that a lost one is begun elsewhere. */
export async function begin(
  shard: Shard,
  text: string,
  narrowing: Narrowing | null,
  seen: SeenTransaction | null = null,
): Promise<{ lease: Lease; session: Session }> {
  for (let attempts = 1; ; attempts += 1) {
    const lease = await shard.leaseWriter()
    const session = new Session(lease, seen)
    try {
      if (narrowing === null) await session.run({ text, values: [] })
      else await session.script(`${text}; ${narrowSql(narrowing.key)}`)
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
