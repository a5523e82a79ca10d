import type pg from 'pg'
import { lateAfter } from '../late-after.ts'
import { cut } from './client.ts'

export type ClientClass = new (config: pg.ClientConfig) => pg.Client

export type OpenOptions = {
  readonly Client: ClientClass
  readonly config: pg.ClientConfig
  /** 0: as long as the operating system tries. */
  readonly timeoutMs: number
}

/**
 * Opens one connection. `opened` is called once, with the client or the error; `closed` once, when
 * the socket is gone, in every case.
 */
export function openClient(
  options: OpenOptions,
  opened: (error: unknown, client: pg.Client | null) => void,
  closed: () => void,
): void {
  let client: pg.Client
  try {
    client = new options.Client(options.config)
  } catch (error) {
    // A faulty config (a certificate file that is not there) is the request's error, not ours.
    process.nextTick(() => {
      closed()
      opened(error, null)
    })
    return
  }
  // Without a listener an error of a connection that nobody uses would end the process.
  client.on('error', () => {})
  client.once('end', closed)
  connect(client, options.timeoutMs, opened)
}

function connect(
  client: pg.Client,
  timeoutMs: number,
  opened: (error: unknown, client: pg.Client | null) => void,
): void {
  let late = false
  const giveUp = (): void => {
    late = true
    cut(client)
  }
  const endWait = timeoutMs > 0 ? lateAfter(timeoutMs, giveUp) : undefined
  client.connect((error: Error | null) => {
    endWait?.()
    if (error === null || error === undefined) {
      opened(null, client)
      return
    }
    cut(client)
    opened(late ? tooLate(error) : error, null)
  })
}

const tooLate = (cause: Error): Error =>
  new Error('Connection terminated due to connection timeout', { cause })
