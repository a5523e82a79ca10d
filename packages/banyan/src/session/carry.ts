import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http'
import { CallerSession } from './caller-session.ts'

/** The header, and the beginning of the cookie's name. */
const sessionName = 'banyan-session'

/** How long a browser keeps the cookie: far longer than any replica that answers is behind. */
const maxAgeSeconds = 86_400

/**
 * The session of a request, for `session` reads and for what its writes leave behind. The cookie has the name
 * of the process in its own: two answers that cross on their way from two processes do not overwrite each
 * other, and what one process gave is merged by that process.
 */
export function openSession(
  request: IncomingMessage,
  response: ServerResponse,
  secret: string,
  node: string,
): CallerSession {
  let isCarried = false
  const session = new CallerSession(tokensOf(request), secret, () => {
    if (isCarried || response.headersSent) return
    isCarried = true
    carry(response, session, `${sessionName}-${node}`)
  })
  return session
}

/** Every token that the client sent: cookies of several processes, and the header's list. */
export function tokensOf({ headers }: IncomingMessage): string[] {
  const tokens: string[] = []
  const said = headers[sessionName]
  if (typeof said === 'string') tokens.push(...said.split(',').map((token) => token.trim()))
  const { cookie } = headers
  if (cookie?.includes(sessionName)) {
    for (const pair of cookie.split(';')) {
      const [name = '', value = ''] = pair.trim().split('=', 2)
      if (name.startsWith(sessionName)) tokens.push(value)
    }
  }
  return tokens.filter((token) => token !== '')
}

type Headers = Readonly<Record<string, OutgoingHttpHeader | undefined>>

/**
 * Adds the token when the head is written: only then it is known what was written, and what the app sets
 * itself cannot take it away.
 */
function carry(response: ServerResponse, session: CallerSession, name: string): void {
  const writeHead = response.writeHead as (...args: unknown[]) => ServerResponse
  response.writeHead = ((status: number, ...rest: unknown[]) => {
    const { token } = session
    const cookie = `${name}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax`
    const own = rest.at(-1)
    const headers = typeof own === 'object' && own !== null ? own : undefined
    const reason = typeof rest[0] === 'string' ? [rest[0]] : []
    const cookies = [...listed(response.getHeader('set-cookie')), ...cookiesIn(headers), cookie]
    const all = [...without(headers), ['set-cookie', cookies], [sessionName, token]] as const
    return writeHead.call(response, status, ...reason, Object.fromEntries(all))
  }) as ServerResponse['writeHead']
}

/** The pairs of a head in any of the forms that Node takes: an object, pairs, or a flat list. */
function pairsOf(headers: object | undefined): [string, OutgoingHttpHeader][] {
  if (headers === undefined) return []
  if (!Array.isArray(headers)) {
    return Object.entries(headers as Headers).filter(
      (pair): pair is [string, OutgoingHttpHeader] => pair[1] !== undefined,
    )
  }
  if (Array.isArray(headers[0])) return headers as [string, OutgoingHttpHeader][]
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []))
}

const isCookie = ([name]: readonly [string, unknown]): boolean =>
  name.toLowerCase() === 'set-cookie'

const cookiesIn = (headers: object | undefined): string[] =>
  pairsOf(headers)
    .filter(isCookie)
    .flatMap(([, value]) => listed(value))

/** Several lines of one name become a list, as an object has each name once. */
function without(headers: object | undefined): [string, OutgoingHttpHeader][] {
  const merged = new Map<string, [string, OutgoingHttpHeader]>()
  for (const [name, value] of pairsOf(headers).filter((pair) => !isCookie(pair))) {
    const known = merged.get(name.toLowerCase())
    merged.set(
      name.toLowerCase(),
      known === undefined ? [name, value] : [known[0], [...listed(known[1]), ...listed(value)]],
    )
  }
  return [...merged.values()]
}

const listed = (value: OutgoingHttpHeader | undefined): string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [String(value)]
