import type pg from 'pg'
import { lateAfter } from '../late-after.ts'
import { cut } from './client.ts'
import type { ConnectionsOptions } from './connections-options.ts'
import { NotPrimary } from './failures.ts'

/** Where nothing else bounds how long a server may take to say what it is. */
const examineMs = 2_000

type Done = (error: unknown) => void

/** Looks whether the server behind a new connection is the one that is meant. */
export function examineClient(
  client: pg.Client,
  { examine, attemptTimeoutMs }: Pick<ConnectionsOptions, 'examine' | 'attemptTimeoutMs'>,
  done: Done,
): void {
  if (examine === undefined) {
    done(null)
    return
  }
  // A server that stands still lets clients in, and answers none.
  const endWait = lateAfter(attemptTimeoutMs || examineMs, () => cut(client))
  examine(client)
    .finally(() => endWait())
    .then((fits) => done(fits ? null : new NotPrimary()), done)
}

/** Runs what the owner of the pool wants to be done to a connection before its first use. */
export function prepareClient(
  client: pg.Client,
  options: Pick<ConnectionsOptions, 'onConnect' | 'verify' | 'observer'>,
  done: Done,
): void {
  const { onConnect } = options
  if (onConnect === null) verifyClient(client, options, done)
  else {
    Promise.resolve()
      .then(() => onConnect(client))
      .then(() => verifyClient(client, options, done), done)
  }
}

function verifyClient(
  client: pg.Client,
  { verify, observer }: Pick<ConnectionsOptions, 'verify' | 'observer'>,
  done: Done,
): void {
  observer.connect?.(client)
  if (verify === null) done(null)
  else verify(client, (error) => done(error ?? null))
}
