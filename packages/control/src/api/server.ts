import { chmod, mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import type { AuditLog } from '../console/audit.ts'
import { createServer } from '../node-http.ts'
import { type Action, actions } from './actions.ts'
import { climbOf } from './climb-request.ts'
import type { EventLog } from './events.ts'
import { reportOf } from './report.ts'
import { switchoverRequestOf } from './switchover-request.ts'
import type {
  Attendance,
  ChangeRequest,
  ClimbReport,
  ClimbRequest,
  LossReport,
  ReleaseList,
  Status,
  SwitchoverReport,
  SwitchoverRequest,
} from './types.ts'

/** What the API can ask of control. */
export type Controlled = {
  readonly events: EventLog
  status(): Status
  releases(): ReleaseList
  kill(node: string): Promise<{ node: string; pid: number | null }>
  down(): Promise<void>
  change(request: ChangeRequest): Promise<void>
  attend(): Promise<Attendance>
  release(): Promise<{ readonly stopped: boolean }>
  /** Stops a node where it stands, and lets it go on. */
  pause(node: string): Promise<{ readonly node: string }>
  resume(node: string): Promise<{ readonly node: string }>
  /** Cuts a node off on purpose, from everybody or, where that can be told apart, from another node. */
  partition(node: string, from: string | null): Promise<{ readonly node: string }>
  /** Mends what `partition` has cut. */
  heal(node: string): Promise<{ readonly node: string }>
  /** A fresh address of the console, with a token for one use. */
  consoleToken(): Promise<{ readonly url: string }>
  /** Has another member of the data tier take the writes; returns when it does. */
  switchover(request: SwitchoverRequest): Promise<SwitchoverReport>
  /** What may be lost by taking a member that may lack something. */
  loss(to: string | null): Promise<LossReport>
  /** Returns as soon as the climb has begun; refused whole where it cannot be done. */
  climb(request: ClimbRequest): Promise<{ readonly climb: string }>
  /** Returns when the climb has ended, also one that had ended before. */
  climbEnd(climb: string): Promise<ClimbReport>
  /** Has a climb go back to where it came from; returns at once. */
  turnBack(climb: string): Promise<void>
}

/** The longest path of a socket that every system takes (`sun_path`, less its final NUL). */
const longestSocketPath = process.platform === 'darwin' ? 103 : 107

export type ApiServer = {
  readonly socket: string
  /** Returns when what was asked is answered, and written down; not for ever. */
  settled(): Promise<void>
  close(): Promise<void>
}

const settleMs = 2_000

/** Listens on a socket that only this user can open. Whoever calls holds the lock, so an old one is stale. */
export async function listen(
  control: Controlled,
  wanted: string,
  audit: AuditLog | null = null,
): Promise<ApiServer> {
  const socket = await fitPath(wanted)
  await rm(socket, { force: true })
  const asked = { control, audit }
  const going = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const answered = answer(asked, request, response).finally(() => going.delete(answered))
    going.add(answered)
  })
  await listenPrivately(server, socket)
  return {
    socket,
    settled: async () => {
      await Promise.race([Promise.allSettled(going), sleep(settleMs, null, { ref: false })])
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await rm(socket, { force: true })
      if (socket !== wanted) await rm(dirname(socket), { recursive: true, force: true })
    },
  }
}

/** A deep state directory has no room for a socket; then it lies in a private temporary folder. */
async function fitPath(wanted: string): Promise<string> {
  if (Buffer.byteLength(wanted) <= longestSocketPath) return wanted
  return join(await mkdtemp(join(tmpdir(), 'banyan-')), 'control.sock')
}

/** The mask closes the moment between making the socket and narrowing its mode. */
async function listenPrivately(server: Server, socket: string): Promise<void> {
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socket, resolve)
    })
  } finally {
    process.umask(before)
  }
  await chmod(socket, 0o600)
}

/** Whom a request is put to, and where it is written down. */
type Asked = { readonly control: Controlled; readonly audit: AuditLog | null }

type Route = (
  asked: Asked,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void

/** A route for something that is done to the system: it is written down before it is answered. */
const doing =
  (name: string, { target, run }: Action): Route =>
  async (asked, request, response) => {
    const body = await readBody(request)
    const act = async () => await run(asked.control, body)
    send(response, 200, await noting(asked, name, target(body), act))
  }

async function noting<Answer>(
  { audit }: Asked,
  action: string,
  target: string | null,
  act: () => Promise<Answer>,
): Promise<Answer> {
  return audit === null ? await act() : await audit.around({ who: 'cli', action, target }, act)
}

const routes: Readonly<Record<string, Route>> = {
  'GET /status': ({ control }, _request, response) => send(response, 200, control.status()),
  'GET /releases': ({ control }, _request, response) => send(response, 200, control.releases()),
  'GET /events': streamEvents,
  'POST /kill': doing('kill', actions.kill),
  'POST /pause': doing('pause', actions.pause),
  'POST /resume': doing('resume', actions.resume),
  'POST /partition': doing('partition', actions.partition),
  'POST /heal': doing('heal', actions.heal),
  'POST /switchover': doing('switchover', actions.switchover),
  'POST /loss': async ({ control }, request, response) => {
    const { to } = switchoverRequestOf(await readBody(request))
    send(response, 200, await control.loss(to))
  },
  'POST /climb': doing('climb', actions.climb),
  'POST /climb/end': async ({ control }, request, response) => {
    send(response, 200, await control.climbEnd(climbOf(await readBody(request))))
  },
  'POST /climb/turn': doing('turn', actions.turn),
  'POST /console-token': async (asked, _request, response) => {
    const act = async () => await asked.control.consoleToken()
    send(response, 200, await noting(asked, 'console-token', null, act))
  },
  'POST /change': async (asked, request, response) => {
    const change = (await readBody(request)) as ChangeRequest
    await noting(asked, 'change', null, async () => await asked.control.change(change))
    send(response, 200, {})
  },
  'POST /attend': async ({ control }, _request, response) => {
    send(response, 200, await control.attend())
  },
  'POST /release': async ({ control }, _request, response) => {
    send(response, 200, await control.release())
  },
  'POST /down': async (asked, _request, response) => {
    await noting(asked, 'down', null, async () => await asked.control.down())
    send(response, 200, {})
  },
}

async function answer(
  asked: Asked,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const route = routes[`${request.method} ${request.url}`]
    if (route === undefined) throw unknownRequest(request)
    await route(asked, request, response)
  } catch (error) {
    if (!response.headersSent)
      send(response, BanyanError.is(error) ? 400 : 500, { error: reportOf(error) })
    else response.destroy()
  }
}

function unknownRequest({ method, url }: IncomingMessage): BanyanError {
  return new BanyanError('BANYAN_REQUEST_UNKNOWN', `Control does not know ${method} ${url}.`, {
    hint: `It knows ${Object.keys(routes).join(', ')}. Command and control may be of different versions: run "banyan down", then "banyan up".`,
  })
}

function streamEvents(
  { control: { events } }: Asked,
  _request: IncomingMessage,
  response: ServerResponse,
): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const stop = events.follow((event) => void response.write(`${JSON.stringify(event)}\n`))
  response.once('close', stop)
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** A config with many tables goes through whole. */
const bodyBytesMax = 4_194_304

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > bodyBytesMax) break
  }
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>
  } catch {
    // Said below, as for any other body that is not an object.
  }
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The body of the request is not a JSON object.', {
    hint: 'Send for example {"node":"web-1"}.',
  })
}
