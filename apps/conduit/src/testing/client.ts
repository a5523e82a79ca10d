import type { FastifyInstance, InjectOptions } from 'fastify'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by assertions, not by types.
type Body = any

export type Answer = {
  readonly status: number
  readonly body: Body
  readonly headers: Readonly<Record<string, unknown>>
}

/** Speaks to a Conduit as a front end would. */
export type Client = {
  call(method: Method, path: string, body?: unknown, token?: string): Promise<Answer>
  get(path: string, token?: string): Promise<Answer>
  /** Registers a user of this name and gives the token. */
  register(username: string): Promise<string>
  /** Creates an article and gives it. */
  write(token: string, article?: Record<string, unknown>): Promise<Body>
}

type Method = NonNullable<InjectOptions['method']>

export const password = 'correct horse battery'

export function clientOf(app: FastifyInstance): Client {
  const call = async (method: Method, url: string, body?: unknown, token?: string) => {
    const answer = await app.inject({
      method,
      url,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Token ${token}` }),
      },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
    })
    return { status: answer.statusCode, body: parse(answer.body), headers: answer.headers }
  }
  return {
    call,
    get: (path, token) => call('GET', path, undefined, token),
    async register(username) {
      const user = { username, email: `${username}@example.com`, password }
      const { status, body } = await call('POST', '/api/users', { user })
      if (status !== 201) throw new Error(`${username}: ${status} ${JSON.stringify(body)}`)
      return body.user.token
    },
    async write(token, article = {}) {
      const filled = { title: 'A title', description: 'About', body: 'Text', ...article }
      const { status, body } = await call('POST', '/api/articles', { article: filled }, token)
      if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
      return body.article
    },
  }
}

function parse(text: string): Body {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

let names = 0
const run = Math.random().toString(36).slice(2, 8)

/** A name that no other test has. */
export const freshName = (kind = 'user'): string => `${kind}-${run}-${++names}`
