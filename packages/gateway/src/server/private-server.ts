import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import {
  BanyanError,
  type GatewayFile,
  type GatewayStatus,
  metricsContentType,
} from '@banyan/model'
import { answerJson, errorBody, refuse } from '../http/answer.ts'
import { createServer } from '../node-http.ts'
import { parseGatewayFile } from '../read-gateway-file.ts'
import { onlyReading, reserved } from './refusals.ts'

/** What the private address offers to control. */
export type Controlled = {
  readonly token: string
  readonly isReady: boolean
  readonly status: GatewayStatus
  /** What `/-/metrics` asks for; null: it is not there. */
  readonly metricsToken: string | null
  metrics(): string
  /** Takes another file; false when it has a newer one. */
  apply(file: GatewayFile): boolean
}

/** A file with thousands of servers is still far below this. */
const fileBytesMax = 8_388_608

/** The private side: where control asks and tells. */
export function privateServer(gateway: Controlled): Server {
  return createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    answer(gateway, request, response).catch(() => response.destroy())
  })
}

async function answer(
  gateway: Controlled,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = `${request.method} ${request.url}`
  if (route === 'GET /-/ready' || route === 'HEAD /-/ready') return answerReady(gateway, response)
  if (request.url === '/-/metrics') return answerMetrics(gateway, request, response)
  if (request.url !== '/-/gateway') return refuse(response, reserved)
  if (!isAllowed(request, gateway.token)) return refuse(response, tokenWrong)
  if (request.method === 'GET') return answerJson(response, 200, JSON.stringify(gateway.status))
  if (request.method === 'PUT') return put(gateway, request, response)
  refuse(response, {
    ...reserved,
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    headers: ['allow', 'GET, PUT'],
  })
}

const tokenWrong = {
  status: 401,
  code: 'BANYAN_GATEWAY_TOKEN_WRONG',
  message: 'The token is not that of this gateway.',
  headers: ['www-authenticate', 'Bearer'],
} as const

function answerMetrics(
  gateway: Controlled,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { metricsToken } = gateway
  if (metricsToken === null) refuse(response, reserved)
  else if (!isAllowed(request, metricsToken)) refuse(response, tokenWrong)
  else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, onlyReading)
  else {
    response.writeHead(200, { 'content-type': metricsContentType, 'cache-control': 'no-store' })
    response.end(gateway.metrics())
  }
}

function answerReady({ isReady }: Controlled, response: ServerResponse): void {
  const body = JSON.stringify({ ready: isReady })
  answerJson(response, isReady ? 200 : 503, body, ['banyan-ready', String(isReady)])
}

async function put(
  gateway: Controlled,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let file: GatewayFile
  try {
    file = parseGatewayFile(await read(request), 'The body')
  } catch (error) {
    if (!BanyanError.is(error)) throw error
    answerJson(response, 400, JSON.stringify({ error: error.toJSON() }))
    return
  }
  if (gateway.apply(file)) return answerJson(response, 200, JSON.stringify(gateway.status))
  const refusal = {
    status: 409,
    code: 'BANYAN_GATEWAY_FILE_OLDER',
    message: `Version ${file.version} is older than ${gateway.status.version}, which it has.`,
  } as const
  answerJson(response, 409, errorBody(refusal))
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > fileBytesMax) throw new Error('The file is too large.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function isAllowed({ headers }: IncomingMessage, token: string): boolean {
  const given = Buffer.from(headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
