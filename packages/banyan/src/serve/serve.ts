import { flushCompileCache } from 'node:module'
import type { Duplex } from 'node:stream'
import { rootLogger } from '../log.ts'
import { offerProof } from '../prove/proof-endpoint.ts'
import { offerSessions } from '../session/offer.ts'
import { watchRoutes } from '../telemetry/framework-routes.ts'
import { type TelemetryUse, useTelemetry } from '../telemetry/process-telemetry.ts'
import { type Adapted, adapt } from './adapt.ts'
import { after } from './after.ts'
import { type App, classifyApp, type KnownApp } from './app.ts'
import { offerControl } from './control-endpoint.ts'
import { drain } from './drain.ts'
import { Entrance, type Opened } from './entrance.ts'
import { leaveLastWords } from './last-words.ts'
import { applyLimits, type Limits, resolveLimits } from './limits.ts'
import { MetricsEndpoint } from './metrics-endpoint.ts'
import { disown, own } from './owner.ts'
import { forgetPassedSocket, whyNoSocket } from './passed-socket.ts'
import { choosePlaces, type Places } from './place.ts'
import { defaultStopTimeoutMs } from './stop-timeout.ts'
import { Traffic } from './traffic.ts'

/** Options of {@link serve}; every one has a default. */
export type ServeOptions = {
  /** Address where `$HOST` is not set. Default 127.0.0.1. */
  readonly host?: string
  /** Port where `$PORT` is not set. Default 3000. */
  readonly port?: number
  /** What a single request may take. */
  readonly limits?: Partial<Limits>
  /** A line in the log per request, at level `info`. Default true. */
  readonly requestLogs?: boolean
  /**
   * Gives clients that write a signed token of how far the database was then, in the cookie
   * `banyan-session-<node>` and the header `banyan-session`. With it `session` reads are sure to see the
   * client's own writes and ask the primary nothing; without, they are `strong`. Default false.
   */
  readonly session?: boolean
  /**
   * How long stopping may take in all, in milliseconds; WebSockets live for four fifths of it. Default: nine tenths of the service's
   * `stopTimeoutMs` in the config, which is 9,000 where nothing is said.
   */
  readonly stopTimeoutMs?: number
  /**
   * Whether SIGTERM, SIGINT and errors that nobody caught end the process in order. Default true;
   * false for a server inside of a test or of another program.
   */
  readonly ownProcess?: boolean
}

/** A running server. */
export type ServeHandle = {
  /** `http://127.0.0.1:3000`; of a passed socket it is the socket's, which is the one for clients. */
  readonly url: string
  readonly port: number
  /**
   * Stops in order: finishes what is under way, closes the WebSockets that are left (1001), then runs
   * the app's own close hooks.
   */
  stop(): Promise<void>
}

/** The part of the stop time that is kept for close hooks. */
const hooksShare = 0.2

/** The part of that in which WebSockets may still end in order. */
const goodbyeShare = 0.5

/**
 * Serves an app: Fastify 5, Express 4 or 5, Hono or any fetch handler, a `(request, response)`
 * listener, or an `http.Server`. Listens on a passed socket, on `$HOST:$PORT`, or on both; answers
 * `/-/live` and `/-/ready`; stops on SIGTERM without failing a request.
 *
 * Rejects with `BANYAN_SERVE_UNKNOWN_APP`, `BANYAN_SERVE_LISTENING`, `BANYAN_PORT_INVALID`,
 * `BANYAN_PORT_TAKEN`, `BANYAN_LISTEN_FAILED`, `BANYAN_LISTEN_SOCKET_INVALID`, or with the app's own
 * error when it cannot get ready.
 *
 * @example
 * import Fastify from 'fastify'
 * import { serve } from 'banyan'
 *
 * const app = Fastify()
 * app.get('/', async () => ({ hello: 'world' }))
 * await serve(app)
 */
export async function serve(app: App, options: ServeOptions = {}): Promise<ServeHandle> {
  const places = choosePlaces(process.env, process.pid, options, whyNoSocket)
  const stopTimeoutMs = options.stopTimeoutMs ?? defaultStopTimeoutMs(process.env.BANYAN_SYSTEM)
  const known = classifyApp(app)
  const adapted = adapt(known)
  const limits = resolveLimits(adapted.limits, options.limits ?? {})
  const logger = rootLogger()
  const logsRequests = options.requestLogs !== false && logger.isLevelEnabled('info')
  applyLimits(adapted.server, limits)
  const entrance = new Entrance(adapted.server, places)
  const isPrivate = (socket: Duplex): boolean => entrance.isPrivate(socket)
  const measured = measure(known)
  const traffic = new Traffic(adapted.server, {
    listener: adapted.listener,
    bodyBytesMax: limits.bodyBytesMax,
    requestLog: logsRequests ? logger : null,
    proof: offerProof(process.env.BANYAN_SYSTEM),
    sessionOf: offerSessions(options.session === true, process.env.BANYAN_SYSTEM),
    control: offerControl(process.env.BANYAN_SYSTEM, isPrivate),
    metrics: measured && new MetricsEndpoint(measured.telemetry, isPrivate),
    isEntry: places.public.kind === 'socket' ? (socket) => !isPrivate(socket) : null,
  })
  const opened = await entrance.open().catch((error: unknown) => {
    measured?.release()
    throw error
  })
  if (places.public.kind === 'socket' || opened.missing !== null) forgetPassedSocket()

  let stopped: Promise<void> | undefined
  const handle: ServeHandle = {
    url: opened.url,
    port: opened.port,
    stop: () => {
      stopped ??= stop(adapted, entrance, traffic, limits, stopTimeoutMs).finally(() => {
        measured?.release()
        disown(handle)
      })
      return stopped
    },
  }
  if (options.ownProcess !== false) own(handle, stopTimeoutMs * hooksShare)
  // Said only now: who reads it may send a signal at once, which has to find its handler.
  sayWhere(opened, places)
  await start(adapted, traffic, handle)
  return handle
}

/** What this server's requests are measured by; null: nobody asked for it. */
function measure(known: KnownApp): TelemetryUse | null {
  const use = useTelemetry(process.env.BANYAN_SYSTEM)
  if (use === null) return null
  const forgetRoutes = watchRoutes(known)
  return {
    telemetry: use.telemetry,
    release() {
      forgetRoutes()
      use.release()
    },
  }
}

async function start(adapted: Adapted, traffic: Traffic, handle: ServeHandle): Promise<void> {
  try {
    await adapted.ready()
  } catch (error) {
    traffic.connections.cutAll()
    await handle.stop().catch(() => {})
    throw error
  }
  if (traffic.phase === 'starting') traffic.start()
  // Node writes compiled code down at a clean exit only; a process that is killed would compile anew.
  setTimeout(flushCompileCache, flushAfterMs).unref()
}

/** Once the first requests have come, so that they do not wait for the disk. */
const flushAfterMs = 2_000

async function stop(
  adapted: Adapted,
  entrance: Entrance,
  traffic: Traffic,
  limits: Limits,
  timeoutMs: number,
): Promise<void> {
  const hooksMs = timeoutMs * hooksShare
  const lost = await drain(entrance, traffic, limits, timeoutMs - hooksMs)
  if (lost > 0) rootLogger().error({ lost }, 'requests were cut at the end of the stop timeout')
  const deadline = after(hooksMs)
  // Before the app's hooks: a plugin's would close WebSockets with a code that says nothing (1005).
  await leaveUpgraded(traffic, hooksMs * goodbyeShare)
  const outcome = await Promise.race([adapted.close(), deadline.promise])
  deadline.cancel()
  traffic.connections.cutAll()
  // A turn later the ends of what was cut have been counted.
  await new Promise((resolve) => setImmediate(resolve))
  leaveLastWords(process.env.BANYAN_SYSTEM, { requests: traffic.connections.requests })
  if (outcome === 'late') throw new Error('The close hooks of the app did not end in time.')
}

async function leaveUpgraded({ connections }: Traffic, waitMs: number): Promise<void> {
  const { webSockets } = connections
  if (webSockets === 0) return
  rootLogger().info({ webSockets }, 'closing WebSockets at the end of the stop timeout')
  await connections.leaveUpgraded(waitMs)
}

function sayWhere({ url, privateUrl, missing }: Opened, places: Places): void {
  const logger = rootLogger()
  if (missing !== null) {
    logger.warn({ reason: missing }, 'the passed socket did not arrive, listening on PORT alone')
  }
  const isDefaultPort = places.public.kind === 'address' && places.public.isDefault
  logger.info(
    { url, ...(privateUrl === null ? {} : { privateUrl }) },
    isDefaultPort ? 'listening on the default port, PORT is not set' : 'listening',
  )
}
