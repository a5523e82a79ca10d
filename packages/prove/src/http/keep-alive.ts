import type { IncomingHttpHeaders } from 'node:http'

/**
 * So long before the end of the time that a server announces, nothing is sent on its connection any more:
 * what we send has to travel, and either side may be kept waiting by its machine.
 */
export const travelMs = 1_000

/**
 * Until when a connection may be used again, by the last answer on it. It counts from when the request was
 * sent: the server's own clock began at some moment between that and the arrival of its answer, and a
 * prover that was kept from running sees the arrival too late. A server that announces nothing has
 * promised nothing.
 */
export function usableUntilMs(headers: IncomingHttpHeaders, sentMs: number): number {
  const announced = headers['keep-alive']
  const text = Array.isArray(announced) ? announced.join() : announced
  const seconds = /(?:^|[\s,;])timeout\s*=\s*"?(\d+)/i.exec(text ?? '')?.[1]
  return seconds === undefined
    ? Number.POSITIVE_INFINITY
    : sentMs + Number(seconds) * 1_000 - travelMs
}
