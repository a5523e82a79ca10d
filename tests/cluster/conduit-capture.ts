import { watcherName } from '@banyan/postgres'
import pg from 'pg'

/** A statement as it was given to the driver. */
export type Captured = { readonly text: string; readonly values: readonly unknown[] }

type Query = (this: unknown, ...args: unknown[]) => unknown

/**
 * Keeps every statement that any client of this process sends, whoever sends it: what the app asked,
 * and what Banyan asked to answer it. What is asked by the clock, whoever asks the app or not, is left out.
 */
export function captureStatements(): { readonly captured: Captured[]; stop(): void } {
  const captured: Captured[] = []
  const prototype = pg.Client.prototype as unknown as { query: Query }
  const { query } = prototype
  prototype.query = function (this: unknown, ...args: unknown[]) {
    if (!watches(this)) captured.push(describe(args))
    return query.apply(this, args)
  }
  return {
    captured,
    stop: () => {
      prototype.query = query
    },
  }
}

/** The connection that asks a member every two seconds what it is. */
function watches(client: unknown): boolean {
  const { connectionParameters } = client as {
    readonly connectionParameters?: { readonly application_name?: unknown }
  }
  return connectionParameters?.application_name === watcherName
}

function describe([first, second]: unknown[]): Captured {
  if (typeof first === 'string') {
    return { text: first, values: Array.isArray(second) ? second : [] }
  }
  const { text = '', values } = first as Partial<Captured>
  return { text, values: values ?? (Array.isArray(second) ? second : []) }
}
