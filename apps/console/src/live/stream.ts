import type { LiveMessage } from '@banyan/control/api'
import { after, type Connection, type Seen } from './connection.ts'

export type StreamHandlers = {
  readonly onMessage: (message: LiveMessage) => void
  readonly onConnection: (connection: Connection) => void
}

const retryMs = 1_000
/** A stream that says nothing for so long is not waited for: a proxy between may hold a dead one open. */
const giveUpMs = 15_000

/**
 * Follows `GET /api/live` until it is stopped. The browser asks again after a break, with `Last-Event-ID`; where it
 * gives up, because the answer was no stream at all, we ask whether it is the cookie, and begin anew.
 */
export function followLive(path: string, { onMessage, onConnection }: StreamHandlers): () => void {
  let connection: Connection = { state: 'connecting' }
  let heardAt = 0
  let openedAt = Date.now()
  let source = open()
  let retry: ReturnType<typeof setTimeout> | undefined

  function see(seen: Seen): void {
    const next = after(connection, seen, Date.now(), heardAt)
    if (next === connection) return
    connection = next
    onConnection(next)
  }

  function open(): EventSource {
    openedAt = Date.now()
    const made = new EventSource(path)
    made.onopen = () => see('open')
    made.onmessage = ({ data }) => {
      heardAt = Date.now()
      onMessage(JSON.parse(String(data)) as LiveMessage)
      see('message')
    }
    made.onerror = () => {
      see('broken')
      if (made.readyState === EventSource.CLOSED) void again()
    }
    return made
  }

  async function again(): Promise<void> {
    const status = await fetch('/api/ladder', { credentials: 'same-origin' }).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 401 || status === 403) see('refused')
    clearTimeout(retry)
    retry = setTimeout(renew, retryMs)
  }

  function renew(): void {
    source.close()
    source = open()
  }

  const watch = setInterval(() => {
    see('tick')
    const newest = Math.max(heardAt, openedAt)
    if (source.readyState === EventSource.OPEN && Date.now() - newest > giveUpMs) renew()
  }, 1_000)

  return () => {
    clearInterval(watch)
    clearTimeout(retry)
    source.close()
  }
}
