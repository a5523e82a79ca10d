import type pg from 'pg'
import type { ShardCluster } from '../cluster/shard-cluster.ts'
import { busyTimeoutDefaultMs, holdDefault } from '../data/shard.ts'
import { requestContext } from '../log.ts'
import { isInTransaction, isUsable } from '../pool/client.ts'
import { currentSession } from '../reads/caller.ts'
import { type ReadsUse, useReads } from '../reads/shared-reads.ts'
import type { CallerSession } from '../session/caller-session.ts'
import { areSessionsKept } from '../session/kept.ts'
import { onlyReads } from '../session/only-reads.ts'
import { type Callback, inContext } from './once.ts'

/** What has to be done before the answer to a statement is passed on; null: nothing. */
type Noted = Promise<void> | null
type Note = () => Noted

/** Whom a statement may have written for. */
export type Writer = CallerSession | null

/**
 * Tells the sessions of callers what they write by a pool: a statement that may write, once it is answered
 * and no transaction is open, and so also COMMIT. Where `serve` keeps no sessions nothing is done, or opened.
 */
export class WriteNotes {
  readonly #cluster: ShardCluster
  readonly #connectionsMax: number
  #use: ReadsUse | null = null

  constructor(cluster: ShardCluster, connectionsMax: number) {
    this.#cluster = cluster
    this.#connectionsMax = connectionsMax
  }

  /** The session of whoever runs the statement, or else of who took the connection; null: nobody's business. */
  writerOf(query: unknown, owner?: CallerSession): Writer {
    if (!areSessionsKept()) return null
    const session = currentSession() ?? owner
    return session === undefined || onlyReads(textOf(query)) ? null : session
  }

  /**
   * To be asked when a statement is answered, with an error too: of several in one text some may have been
   * committed. Whoever lost the connection has no answer yet.
   */
  answered(client: pg.ClientBase, writer: Writer): Noted {
    if (writer === null || isInTransaction(client) || !isUsable(client)) return null
    const patience = { hold: holdDefault, busyTimeoutMs: busyTimeoutDefaultMs }
    this.#use ??= useReads(this.#cluster, this.#connectionsMax, patience)
    return this.#use.reads.noteWrite(writer)
  }

  /**
   * Notes what is written on a connection until the function that it gives back is called. Who took it
   * stands for statements of which nobody knows whose they are.
   */
  watch(client: pg.ClientBase, owner: CallerSession | undefined): () => void {
    if (!areSessionsKept()) return nothing
    const hadOwn = Object.hasOwn(client, 'query')
    const query = client.query as (...given: unknown[]) => unknown
    const watched = (...given: unknown[]): unknown => {
      const writer = this.writerOf(given[0], owner)
      const note = writer === null ? null : () => this.answered(client, writer)
      return noting(query, client, given, note)
    }
    client.query = watched as typeof client.query
    return () => {
      if (client.query !== watched) return
      if (hadOwn) client.query = query as typeof client.query
      else Reflect.deleteProperty(client, 'query')
    }
  }

  async release(): Promise<void> {
    await this.#use?.release()
  }
}

const nothing = (): void => {}

const textOf = (query: unknown): string => {
  const text = typeof query === 'string' ? query : (query as { text?: unknown } | null)?.text
  return typeof text === 'string' ? text : ''
}

type Submitted = {
  submit?: unknown
  callback?: unknown
  handleReadyForQuery?: (connection: unknown) => void
}

/** Runs a statement of any form that node-postgres takes; its answer comes after the note. */
function noting(
  query: (...given: unknown[]) => unknown,
  client: pg.ClientBase,
  given: unknown[],
  note: Note | null,
): unknown {
  const context = requestContext.getStore()
  const config = given[0] as Submitted | string | null
  if (typeof config === 'object' && typeof config?.submit === 'function') {
    if (note !== null) holdEnd(config, note)
    return Reflect.apply(query, client, given)
  }
  const at = given.findIndex((one) => typeof one === 'function')
  if (at >= 0) {
    const held = [...given]
    held[at] = holdAnswer(inContext(context, given[at] as Callback), note)
    return Reflect.apply(query, client, held)
  }
  if (typeof config === 'object' && typeof config?.callback === 'function') {
    const callback = holdAnswer(inContext(context, config.callback as Callback), note)
    const held = Object.assign(Object.create(config), { callback })
    return Reflect.apply(query, client, [held, ...given.slice(1)])
  }
  const answer = Reflect.apply(query, client, given)
  return note === null ? answer : holdPromise(answer as Promise<unknown>, note)
}

const holdAnswer =
  (callback: Callback, note: Note | null): Callback =>
  (...answer) => {
    const noted = note?.() ?? null
    if (noted === null) callback(...answer)
    else void noted.then(() => callback(...answer))
  }

const holdPromise = (promise: Promise<unknown>, note: Note): Promise<unknown> =>
  promise.then(
    async (result) => {
      await note()
      return result
    },
    async (error: unknown) => {
      await note()
      throw error
    },
  )

/** What brings its own handlers, as a cursor does, is over with the word that the server is ready. */
function holdEnd(query: Submitted, note: Note): void {
  const end = query.handleReadyForQuery
  if (end === undefined) return
  query.handleReadyForQuery = (connection) => {
    const noted = note()
    if (noted === null) end.call(query, connection)
    else void noted.then(() => end.call(query, connection))
  }
}
