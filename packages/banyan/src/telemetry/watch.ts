import type { IncomingMessage, ServerResponse } from 'node:http'
import type pg from 'pg'
import { memberNameAt } from '../cluster/member-names.ts'
import { type RequestContext, requestContext } from '../log.ts'

/*
 * The one look at each request, transaction, statement and wait for a connection of this process, for
 * whoever wants to know of it: metrics (serve-metrics.ts), spans, whatever comes. There is one object per
 * thing seen, which every watcher gets at its beginning and at its end. Without a watcher there is no object, and nothing is measured.
 *
 * A watcher is called on the way of a request: it does not wait, it does not throw, and what it keeps it
 * bounds. What was done when a thing began belongs to the context of whoever asked for it (`context`), which
 * at its end may be another's: take it from what was seen, not from `requestContext`.
 *
 *     const forget = watch({ requestBegan: (seen) => { … }, statementEnded: (seen) => { … } })
 */

/** What is told to those who watch. Each part is left out by who does not want it. */
export type Watcher = {
  requestBegan?(seen: SeenRequest): void
  requestEnded?(seen: SeenRequest): void
  /** One transaction of `data`, from its wait for a connection to its end; of a repeated one each attempt. */
  transactionBegan?(seen: SeenTransaction): void
  transactionEnded?(seen: SeenTransaction): void
  /** It was given to a connection. */
  statementBegan?(seen: SeenStatement): void
  statementEnded?(seen: SeenStatement): void
  /** Somebody found no idle connection. Who finds one is in `immediate`, and nobody is told. */
  waitBegan?(seen: SeenWait): void
  waitEnded?(seen: SeenWait): void
}

const watchers: Watcher[] = []

/** Has somebody watch from now on. Gives back a function that ends it. */
export function watch(watcher: Watcher): () => void {
  watchers.push(watcher)
  return () => {
    const at = watchers.indexOf(watcher)
    if (at >= 0) watchers.splice(at, 1)
  }
}

/** Whether anybody watches. */
export const isWatched = (): boolean => watchers.length > 0

/** Something that takes time. */
class Seen {
  /** Of the request that it belongs to; undefined outside of requests. */
  readonly context: RequestContext | undefined
  /** By `performance.now()`. */
  readonly startedMs: number
  /** Below 0: it has not ended. */
  tookMs = -1
  /** Why it failed, in one word of few: a status, an SQLSTATE, `aborted`, `lost`. "": it did not. */
  errorType = ''

  constructor(context: RequestContext | undefined, startedMs: number) {
    this.context = context
    this.startedMs = startedMs
  }
}

/** A request of the app, from its head until its answer is out or can no longer get there. */
export class SeenRequest extends Seen {
  declare readonly context: RequestContext
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The template of its route, never a path; "" where none is known. Known when it ends. */
  route = ''
  /** 0: there was none, as nothing of an answer went out. Known when it ends. */
  status = 0

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    context: RequestContext,
    startedMs: number,
  ) {
    super(context, startedMs)
    this.request = request
    this.response = response
  }
}

export class SeenTransaction extends Seen {}

/** One statement on one connection. */
export class SeenStatement extends Seen {
  /** Without its parameters, which are nobody's business; but what is written into it as text is there. */
  readonly text: string
  /** The name of the node that it goes to; `host:port` where that has none. */
  readonly address: string
  /** Of the statements of a callback: its transaction. */
  readonly transaction: SeenTransaction | null
  /** What it was, as the server calls it: `SELECT`, `INSERT`, `BEGIN`, …; "": not known. Known when it ends. */
  operation = ''

  constructor(
    text: string,
    address: string,
    transaction: SeenTransaction | null,
    context: RequestContext | undefined,
  ) {
    super(context, performance.now())
    this.text = text
    this.address = address
    this.transaction = transaction
  }
}

/** A wait for a connection of a pool. */
export class SeenWait extends Seen {
  readonly pool: string

  constructor(pool: string, context: RequestContext | undefined) {
    super(context, performance.now())
    this.pool = pool
  }
}

/** A request goes to the app. Null: nobody watches. */
export function requestBegan(
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
  startedMs: number,
): SeenRequest | null {
  if (watchers.length === 0) return null
  const seen = new SeenRequest(request, response, context, startedMs)
  for (const watcher of watchers) watcher.requestBegan?.(seen)
  return seen
}

/** Its connection has closed, or its answer is out; `route` was set. */
export function requestEnded(seen: SeenRequest): void {
  const { response } = seen
  seen.tookMs = performance.now() - seen.startedMs
  seen.status = response.headersSent ? response.statusCode : 0
  if (!response.writableFinished) seen.errorType = 'aborted'
  else if (response.statusCode >= 500) seen.errorType = String(response.statusCode)
  for (const watcher of watchers) watcher.requestEnded?.(seen)
}

export function transactionBegan(): SeenTransaction | null {
  if (watchers.length === 0) return null
  const seen = new SeenTransaction(requestContext.getStore(), performance.now())
  for (const watcher of watchers) watcher.transactionBegan?.(seen)
  return seen
}

export function transactionEnded(seen: SeenTransaction, error?: unknown): void {
  seen.tookMs = performance.now() - seen.startedMs
  seen.errorType = error === undefined ? '' : errorTypeOf(error)
  for (const watcher of watchers) watcher.transactionEnded?.(seen)
}

/**
 * A statement is given to a connection. Null: nobody watches.
 *
 * @param context whose it is, where the code that runs may be another's
 */
export function statementBegan(
  client: pg.ClientBase,
  text: string,
  transaction: SeenTransaction | null = null,
  context: RequestContext | undefined = requestContext.getStore(),
): SeenStatement | null {
  if (watchers.length === 0) return null
  const seen = new SeenStatement(text, addressOf(client), transaction, context)
  for (const watcher of watchers) watcher.statementBegan?.(seen)
  return seen
}

/** It was answered, or will never be. `command` is what the server says it has done. */
export function statementEnded(
  seen: SeenStatement,
  error: unknown,
  command: string | null | undefined,
): void {
  seen.tookMs = performance.now() - seen.startedMs
  seen.operation = operationOf(command, seen.text)
  if (error !== null && error !== undefined) seen.errorType = errorTypeOf(error)
  for (const watcher of watchers) watcher.statementEnded?.(seen)
}

export function waitBegan(pool: string): SeenWait | null {
  if (watchers.length === 0) return null
  const seen = new SeenWait(pool, requestContext.getStore())
  for (const watcher of watchers) watcher.waitBegan?.(seen)
  return seen
}

export function waitEnded(seen: SeenWait, error: unknown): void {
  seen.tookMs = performance.now() - seen.startedMs
  if (error !== null && error !== undefined) seen.errorType = errorTypeOf(error)
  for (const watcher of watchers) watcher.waitEnded?.(seen)
}

const addresses = new WeakMap<pg.ClientBase, string>()

function addressOf(client: pg.ClientBase): string {
  const known = addresses.get(client)
  if (known !== undefined) return known
  const { host = '', port = 0 } = client as { host?: string; port?: number }
  const address = memberNameAt(host, port)
  addresses.set(client, address)
  return address
}

/**
 * Everything that a server may say it has done, of those that anybody sends often, by itself: each answer brings
 * the word as a text of its own, and one and the same text is found faster by whoever counts by it.
 */
const operations = new Map(
  'SELECT INSERT UPDATE DELETE MERGE BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE SET SHOW FETCH CLOSE COPY CALL LOCK LISTEN NOTIFY PREPARE EXECUTE DISCARD TRUNCATE EXPLAIN VALUES WITH CREATE ALTER DROP ANALYZE VACUUM DO'
    .split(' ')
    .map((word) => [word, word]),
)

const firstWord = /^[\s(]*([a-z]+)/i

/** A word of a fixed set, so that nothing an app writes makes a label. */
function operationOf(command: string | null | undefined, text: string): string {
  const said = operations.get(command ?? '')
  return said ?? operations.get(firstWord.exec(text)?.[1]?.toUpperCase() ?? '') ?? ''
}

/** SQLSTATE of an error of the server, else the code of ours or of the system: few, and nobody's data. */
function errorTypeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'error'
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code)) return code
  const { cause, name } = error as { cause?: unknown; name?: unknown }
  if (cause !== undefined && cause !== error) return errorTypeOf(cause)
  return name === 'Error' || typeof name !== 'string' || !/^\w{1,40}$/.test(name) ? 'error' : name
}
