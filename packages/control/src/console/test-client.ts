import type { IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { request } from '../node-http.ts'

export type Answered = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One request as it is written here, whatever a browser would make of it. */
export async function ask(
  port: number,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  } = {},
): Promise<Answered> {
  const { method = 'GET', headers = {}, body } = options
  return await new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    asked.once('error', reject)
    asked.end(body)
  })
}

/** The cookie that a fresh address is exchanged for. */
export async function signIn(console: {
  readonly port: number
  freshUrl(): string
}): Promise<string> {
  const { pathname, search } = new URL(console.freshUrl())
  const { headers } = await ask(console.port, pathname + search)
  return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

/** The headers of a request of the console's own page. */
export function ofPage(port: number, cookie: string): Record<string, string> {
  return { cookie, origin: `http://127.0.0.1:${port}`, 'content-type': 'application/json' }
}

/** Writes bytes to a connection of its own, and gives back how long it lasted, and what came. */
export async function linger(
  port: number,
  bytes: string,
): Promise<{ readonly ms: number; readonly text: string }> {
  const began = performance.now()
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => void socket.write(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve({ ms: performance.now() - began, text }))
  })
}
