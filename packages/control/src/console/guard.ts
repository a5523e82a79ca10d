import type { IncomingMessage } from 'node:http'
import { BanyanError } from '@banyan/model'

type Asked = Pick<IncomingMessage, 'headers' | 'method'>

/**
 * Refuses what was meant for another name: a name of somebody else's that resolves to this machine would let
 * his page read what is served here (DNS rebinding).
 */
export function checkHost({ headers }: Asked, port: number): void {
  const host = headers.host ?? ''
  if (host === `127.0.0.1:${port}` || host === `localhost:${port}`) return
  throw refused(
    `The console does not answer for ${JSON.stringify(host)}.`,
    `Open http://127.0.0.1:${port}/ instead.`,
  )
}

/**
 * Refuses what no page of ours asks for. A cookie that is "SameSite" goes along with requests of every port of
 * this machine; so it is the origin that counts.
 */
export function checkOrigin({ headers, method }: Asked): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreign(String(site))
  if (method !== 'POST') return
  const { origin } = headers
  if (origin !== `http://${headers.host}`) throw foreign(origin ?? 'no origin')
}

/** A form of another page can send text, never this type without asking first. */
export function checkJson({ headers }: Asked): void {
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() === 'application/json') return
  throw refused('A request that changes something has to say content-type: application/json.')
}

function foreign(from: string): BanyanError {
  return refused(`The request does not come from the console's own page (${from}).`)
}

/** The status of an answer that says so: 403, or what fits better. */
export function refused(message: string, hint?: string, status = 403): BanyanError {
  return new BanyanError('BANYAN_CONSOLE_REFUSED', message, {
    hint: hint ?? 'Ask from the page of the console, or by a command: "banyan help".',
    details: { status },
  })
}

export function signedOut(): BanyanError {
  return new BanyanError('BANYAN_CONSOLE_SIGNED_OUT', 'This browser is not signed in here.', {
    hint: 'Run "banyan console" in the folder of the system, and open the address that it prints.',
    details: { status: 401 },
  })
}
