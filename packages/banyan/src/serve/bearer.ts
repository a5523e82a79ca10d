import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** A password that a request of our own carries as `authorization: Bearer …`. */
export class Bearer {
  readonly #token: Buffer

  constructor(token: string) {
    this.#token = digest(token)
  }

  /** Compared in the same time whatever was sent, tokens of another length too. */
  isIn({ headers }: IncomingMessage): boolean {
    const [scheme, token = ''] = (headers.authorization ?? '').split(' ', 2)
    return scheme?.toLowerCase() === 'bearer' && timingSafeEqual(digest(token), this.#token)
  }
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Whether a request is for exactly this path, whatever its query. */
export function isFor({ url }: IncomingMessage, path: string): boolean {
  if (url === undefined || !url.startsWith(path)) return false
  return url.length === path.length || url[path.length] === '?'
}
