import type { IncomingMessage, ServerResponse } from 'node:http'
import { BanyanError } from '@banyan/model'
import { type ActionName, actions } from '../api/actions.ts'
import { checkJson, checkOrigin, refused } from './guard.ts'
import { noStore, safetyHeaders } from './headers.ts'
import type { ConsoleParts } from './parts.ts'
import { readBody } from './read-body.ts'
import { sendJson } from './send.ts'
import type { ConsoleDesk } from './server.ts'
import type { Session } from './sessions.ts'
import { passToStore } from './store-proxy.ts'

export type ApiRequest = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly session: Session
}

type Body = Readonly<Record<string, unknown>>

/** Questions, which change nothing. */
const questions: Readonly<Record<string, (parts: ConsoleParts) => unknown>> = {
  ladder: async ({ ladder }) => await ladder(),
  releases: ({ control }) => control.releases(),
  audit: ({ audit }) => audit.entries,
  'data/tables': async ({ tables }) => await tables(),
}

/** What is asked with a body, and is done to nothing. */
const asked: Readonly<Record<string, (parts: ConsoleParts, body: Body) => Promise<unknown>>> = {
  plan: async ({ plan }, body) => await plan(body),
}

const pagesMax = 64

/** Answers what a page that is signed in asks below `/api/`. */
export async function answerApi(desk: ConsoleDesk, asking: ApiRequest): Promise<void> {
  const { request, response, url } = asking
  const path = url.pathname.slice('/api/'.length)
  try {
    checkOrigin(request)
    if (path.startsWith('store/')) return await passToStore(desk.parts.store, asking)
    if (request.method === 'GET') return await answerQuestion(desk, path, asking)
    if (request.method !== 'POST')
      throw refused(`${request.method} is not used here.`, undefined, 405)
    checkJson(request)
  } catch (error) {
    await noteRefused(desk, path, asking, error)
    throw error
  }
  const body = await readBody(request)
  // What is done may take its time, with nothing to send meanwhile.
  request.socket.setTimeout(0)
  sendJson(response, 200, await act(desk, path, body, asking))
}

async function answerQuestion(desk: ConsoleDesk, path: string, asking: ApiRequest): Promise<void> {
  if (path === 'live') return follow(desk, asking)
  const question = questions[path]
  if (question === undefined) throw unknownRequest(asking.request)
  sendJson(asking.response, 200, await question(desk.parts))
}

/** Whatever is done is in the audit log before it is answered. */
async function act(
  { parts }: ConsoleDesk,
  path: string,
  body: Body,
  { request, session }: ApiRequest,
): Promise<unknown> {
  const who = whoOf(session)
  const question = Object.hasOwn(asked, path) ? asked[path] : undefined
  if (question !== undefined) return await question(parts, body)
  if (Object.hasOwn(actions, path)) {
    const { target, run } = actions[path as ActionName]
    const act = async () => await run(parts.control, body)
    return await parts.audit.around({ who, action: path, target: target(body) }, act)
  }
  if (path === 'release') {
    return await parts.audit.around({ who, action: 'release', target: null }, parts.release)
  }
  if (path === 'data/query') {
    const query = async () => await parts.query(body)
    const asking = { who, action: 'query', target: null }
    return await parts.audit.around(asking, query, ({ answeredBy }) => answeredBy)
  }
  throw unknownRequest(request)
}

const whoOf = ({ id }: Session): string => id.slice(0, 8)

/** Somebody who is signed in asks as no page of ours does: that is worth a line. */
async function noteRefused(
  { parts }: ConsoleDesk,
  action: string,
  { request, session }: ApiRequest,
  error: unknown,
): Promise<void> {
  if (request.method !== 'POST' || action.startsWith('store/')) return
  const code = BanyanError.is(error) ? error.code : 'BANYAN_CONTROL_FAILED'
  await parts.audit.add({
    at: new Date().toISOString(),
    who: whoOf(session),
    action: action.slice(0, 50),
    target: null,
    outcome: 'refused',
    code,
    ms: 0,
  })
}

/** Until the page goes away, or its cookie holds no longer. */
function follow({ feed }: ConsoleDesk, { request, response, session }: ApiRequest): void {
  if (feed.watched >= pagesMax) throw refused('Too many pages are open.', 'Close some.', 503)
  request.socket.setTimeout(0)
  request.socket.setNoDelay(true)
  response.writeHead(200, {
    ...safetyHeaders,
    ...noStore,
    'content-type': 'text/event-stream',
    'x-accel-buffering': 'no',
  })
  feed.follow(response, String(request.headers['last-event-id'] ?? ''))
  const left = Math.min(session.untilMs - Date.now(), 2_147_483_647)
  const timer = setTimeout(() => response.end(), left)
  timer.unref()
  response.once('close', () => clearTimeout(timer))
}

function unknownRequest({ method, url }: IncomingMessage): BanyanError {
  return new BanyanError('BANYAN_REQUEST_UNKNOWN', `The console does not know ${method} ${url}.`, {
    hint: 'The page may be of another version than control: load it anew.',
  })
}
