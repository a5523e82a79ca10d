import type { IncomingMessage } from 'node:http'
import { BanyanError } from '@banyan/model'
import { request as ask } from '../node-http.ts'
import type { ApiRequest } from './api.ts'
import { checkJson, refused } from './guard.ts'
import { noStore, safetyHeaders } from './headers.ts'
import type { ConsoleParts, StorePlace } from './parts.ts'
import { readText } from './read-body.ts'

const answerMs = 5_000

/** What a page may ask of the store: what it queries by, never what takes telemetry in. */
const routes: readonly RegExp[] = [
  /^GET \/health$/,
  /^POST \/query$/,
  /^GET \/live$/,
  /^GET \/logs$/,
  /^GET \/logs\/follow$/,
  /^GET \/traces$/,
  /^GET \/traces\/[0-9a-f]{1,64}$/,
  /^GET \/business$/,
  /^GET \/marks$/,
]

/** Passes a question on to the store, and its answer back, whole or as it comes. */
export async function passToStore(
  store: ConsoleParts['store'],
  { request, response, url }: Omit<ApiRequest, 'session'>,
): Promise<void> {
  const path = url.pathname.slice('/api/store'.length)
  if (!routes.some((route) => route.test(`${request.method} ${path}`))) throw unknown(request)
  if (request.method === 'POST') checkJson(request)
  const body = request.method === 'POST' ? await readText(request) : null
  const place = await store()
  if (place === null) throw away('it is not there')
  const isStream = path === '/logs/follow'
  if (isStream) request.socket.setTimeout(0)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const headers = { lastEventId: request.headers['last-event-id'] }
  const answer = await askStore(place, {
    method: request.method ?? 'GET',
    path: path + url.search,
    body,
    signal: gone.signal,
    ...(typeof headers.lastEventId === 'string' && { lastEventId: headers.lastEventId }),
  })
  response.writeHead(answer.statusCode ?? 502, {
    ...safetyHeaders,
    ...noStore,
    'content-type': answer.headers['content-type'] ?? 'application/json',
  })
  if (isStream) response.flushHeaders()
  answer.on('error', () => response.destroy())
  answer.pipe(response)
}

type Question = {
  readonly method: string
  readonly path: string
  readonly body: string | null
  readonly lastEventId?: string
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** The head of the store's answer; its body is not read yet. */
export async function askStore(place: StorePlace, question: Question): Promise<IncomingMessage> {
  const { method, path, body, signal, lastEventId, timeoutMs = answerMs } = question
  const { host, port, token } = place
  return await new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== null && { 'content-type': 'application/json' }),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    }
    const asked = ask({
      host,
      port,
      method,
      path,
      headers,
      agent: false,
      ...(signal && { signal }),
    })
    const timer = setTimeout(() => asked.destroy(new Error('it gave no answer in time')), timeoutMs)
    asked.once('response', (answer) => {
      clearTimeout(timer)
      resolve(answer)
    })
    asked.once('error', (error) => {
      clearTimeout(timer)
      reject(away(error.message))
    })
    asked.end(body ?? undefined)
  })
}

/** The JSON that the store answers a short question with; null where it does not. */
export async function askStoreJson<Answer>(
  place: StorePlace,
  path: string,
  timeoutMs: number,
): Promise<Answer | null> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await askStore(place, { method: 'GET', path, body: null, signal, timeoutMs })
    let text = ''
    for await (const chunk of answer.setEncoding('utf8')) text += chunk
    return answer.statusCode === 200 ? (JSON.parse(text) as Answer) : null
  } catch {
    return null
  }
}

function away(why: string): BanyanError {
  return new BanyanError(
    'BANYAN_STORE_AWAY',
    `The store behind the console does not answer: ${why}.`,
    {
      hint: 'The app does not need it. Control starts it again; look at store.log in the state directory.',
      details: { status: 503 },
    },
  )
}

function unknown({ method, url }: IncomingMessage): BanyanError {
  return refused(`${method} ${url} is not passed on to the store.`, undefined, 404)
}
