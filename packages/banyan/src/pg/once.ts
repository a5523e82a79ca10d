import { type RequestContext, requestContext } from '../log.ts'

/** Helpers for an interface that takes a callback, or gives a promise. */

// biome-ignore lint/suspicious/noExplicitAny: node-postgres' callbacks have any shape
export type Callback = (error?: any, ...results: any[]) => void

export type Answer = { readonly done: Callback; readonly result: unknown }

/** Answers through the callback if there is one, else through a promise of the given class. */
export function answer(PromiseClass: PromiseConstructor, callback: Callback | undefined): Answer {
  if (callback !== undefined) return { done: callback, result: undefined }
  let done: Callback = () => {}
  const result = new PromiseClass((resolve, reject) => {
    done = (error, value) => (error ? reject(error) : resolve(value))
  }).catch((error: unknown) => {
    // The stack of a socket says nothing; this one leads back to who asked.
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  })
  return { done, result }
}

/**
 * The same callback, in the request of whoever passed it: it is called by what reads the socket, or by whoever
 * gave the connection back, and both may belong to another request.
 */
export const inContext = (context: RequestContext | undefined, callback: Callback): Callback =>
  context === undefined ? callback : (...given) => requestContext.run(context, callback, ...given)
