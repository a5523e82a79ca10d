import type pg from 'pg'
import { type RequestContext, requestContext } from '../log.ts'
import { isWatched, type SeenStatement, statementBegan, statementEnded } from './watch.ts'

/** What node-postgres calls on a statement that brings its own handlers, as a cursor does. */
type Submitted = {
  text?: unknown
  submit?: unknown
  callback?: unknown
  handleReadyForQuery?: (...given: unknown[]) => unknown
  handleError?: (...given: unknown[]) => unknown
}
type AnyFunction = (...given: unknown[]) => unknown
type Answer = { readonly command?: string } | null | undefined

/**
 * Watches the statements that are run on a client, in every form that node-postgres takes, until the function
 * that it gives back is called.
 *
 * @param owner whose the client is, for statements that run outside of a request
 */
export function watchClient(client: pg.ClientBase, owner?: RequestContext): () => void {
  if (!isWatched()) return nothing
  const hadOwn = Object.hasOwn(client, 'query')
  const query = client.query as AnyFunction
  const watched = (...given: unknown[]): unknown => {
    const context = requestContext.getStore() ?? owner
    const seen = statementBegan(client, textOf(given[0]), null, context)
    return seen === null ? Reflect.apply(query, client, given) : run(query, client, given, seen)
  }
  client.query = watched as typeof client.query
  return () => {
    if (client.query !== watched) return
    if (hadOwn) client.query = query as typeof client.query
    else Reflect.deleteProperty(client, 'query')
  }
}

const nothing = (): void => {}

/** The text of a statement in whichever form it was given. */
export const textOf = (query: unknown): string => {
  const text = typeof query === 'string' ? query : (query as Submitted | null)?.text
  return typeof text === 'string' ? text : ''
}

function run(
  query: AnyFunction,
  client: pg.ClientBase,
  given: unknown[],
  seen: SeenStatement,
): unknown {
  const config = given[0] as Submitted | string | null
  const at = given.findIndex((one) => typeof one === 'function')
  if (at >= 0) {
    const held = [...given]
    held[at] = telling(given[at] as AnyFunction, seen)
    return Reflect.apply(query, client, held)
  }
  if (typeof config === 'object' && config !== null) {
    if (typeof config.submit === 'function') watchEnd(config, seen)
    else if (typeof config.callback === 'function') {
      const callback = telling(config.callback as AnyFunction, seen)
      const held = Object.assign(Object.create(config), { callback })
      return Reflect.apply(query, client, [held, ...given.slice(1)])
    }
  }
  const answer = Reflect.apply(query, client, given)
  if (isPromise(answer)) {
    answer.then(
      (result) => statementEnded(seen, null, (result as Answer)?.command),
      (error: unknown) => statementEnded(seen, error, null),
    )
  }
  return answer
}

const telling =
  (callback: AnyFunction, seen: SeenStatement): AnyFunction =>
  (...answer) => {
    statementEnded(seen, answer[0], (answer[1] as Answer)?.command)
    return callback(...answer)
  }

/** It is over with the word that the server is ready, or with an error. */
function watchEnd(query: Submitted, seen: SeenStatement): void {
  let isOver = false
  const end = (error: unknown): void => {
    if (isOver) return
    isOver = true
    statementEnded(seen, error, null)
  }
  const { handleReadyForQuery, handleError } = query
  if (handleReadyForQuery !== undefined) {
    query.handleReadyForQuery = (...given) => {
      end(null)
      return Reflect.apply(handleReadyForQuery, query, given)
    }
  }
  if (handleError !== undefined) {
    query.handleError = (...given) => {
      end(given[0])
      return Reflect.apply(handleError, query, given)
    }
  }
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
