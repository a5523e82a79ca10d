import type { GatewayFile, GatewayStatus } from '@banyan/model'
import { request } from '../../node-http.ts'

export type GatewayPlace = { readonly host: string; readonly port: number; readonly token: string }

const timeoutMs = 1_000

/** Where a gateway is asked. */
export function placeOf({ listen, token }: GatewayFile): GatewayPlace {
  return { ...listen, token }
}

/** What a gateway says of itself; null when it gives no answer. */
export async function askGateway(place: GatewayPlace): Promise<GatewayStatus | null> {
  return (await send(place, 'GET', '/-/gateway')) as GatewayStatus | null
}

/** Tells a gateway everything anew; null when it gives no answer, or has something newer. */
export async function tellGateway(
  place: GatewayPlace,
  file: GatewayFile,
): Promise<GatewayStatus | null> {
  return (await send(place, 'PUT', '/-/gateway', file)) as GatewayStatus | null
}

export async function isReady(place: GatewayPlace): Promise<boolean> {
  return (await send(place, 'GET', '/-/ready')) !== null
}

/** The body of an answer of 2xx; null for any other, and for none. */
export async function send(
  place: GatewayPlace,
  method: 'GET' | 'PUT',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await exchange(place, method, path, body)
  return answer === null ? null : bodyOf(answer)
}

type Exchanged = { readonly status: number; readonly text: string }

/** What was answered, whatever it is; null for no answer. */
export async function exchange(
  { host, port, token }: GatewayPlace,
  method: 'GET' | 'PUT',
  path: string,
  body?: unknown,
): Promise<Exchanged | null> {
  return await new Promise((resolve) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      authorization: `Bearer ${token}`,
      connection: 'close',
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    }
    const options = { host, port, method, path, headers, agent: false, timeout: timeoutMs }
    const asked = request(options, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (piece) => {
        answer += piece
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text: answer }))
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(null))
    asked.once('close', () => resolve(null))
    asked.end(text)
  })
}

/** The JSON of an answer of 2xx; null for any other answer. */
export function bodyOf({ status, text }: Exchanged): unknown {
  if (status < 200 || status > 299) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
