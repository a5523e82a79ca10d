import { createHmac, randomBytes } from 'node:crypto'
import { sameSecret } from './tokens.ts'

/** Somebody who has opened the console by a one-time token. */
export type Session = { readonly id: string; readonly untilMs: number }

const livesMs = 12 * 3_600_000

export type SessionOptions = {
  /** Of the system, so that a cookie outlives a restart of control, and opens no other system. */
  readonly secret: string
  /** Is in the cookie's name: browsers share cookies among all ports of an address. */
  readonly port: number
  /** The wall clock, in milliseconds: another control has to read it alike. */
  readonly now: () => number
}

/** Cookies that carry their session with them, signed: nothing is kept here. */
export class Sessions {
  readonly #options: SessionOptions

  constructor(options: SessionOptions) {
    this.#options = options
  }

  get cookieName(): string {
    return `banyan-${this.#options.port}`
  }

  /** The `set-cookie` line of a new session. No other page gets it sent along, and no script reads it. */
  open(): { readonly session: Session; readonly cookie: string } {
    const session = {
      id: randomBytes(16).toString('base64url'),
      untilMs: this.#options.now() + livesMs,
    }
    const value = `${session.id}.${session.untilMs}.${this.#sign(session)}`
    const seconds = Math.floor(livesMs / 1_000)
    const cookie = `${this.cookieName}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}`
    return { session, cookie }
  }

  /** The session of a request's `cookie` header; null where there is none that holds. */
  find(header: string | undefined): Session | null {
    for (const value of valuesOf(header, this.cookieName)) {
      const [id = '', until = '', signature = '', ...rest] = value.split('.')
      const session = { id, untilMs: Number(until) }
      const isOurs = rest.length === 0 && sameSecret(signature, this.#sign(session))
      if (isOurs && session.untilMs > this.#options.now()) return session
    }
    return null
  }

  #sign({ id, untilMs }: Session): string {
    const { secret } = this.#options
    return createHmac('sha256', secret)
      .update(`${this.cookieName} ${id} ${untilMs}`)
      .digest('base64url')
  }
}

function valuesOf(header: string | undefined, name: string): string[] {
  return (header ?? '').split(';').flatMap((part) => {
    const text = part.trim()
    return text.startsWith(`${name}=`) ? [text.slice(name.length + 1)] : []
  })
}
