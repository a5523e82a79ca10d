import { AsyncLocalStorage } from 'node:async_hooks'
import { hostname } from 'node:os'
import { type Logger, pino } from 'pino'
import { LogSink } from './log-sink.ts'
import type { CallerSession } from './session/caller-session.ts'
import type { RequestTrace } from './telemetry/request-trace.ts'
import type { SeenRequest } from './telemetry/watch.ts'

export type { Logger } from 'pino'

/** What is known about the request that the running code belongs to. */
export type RequestContext = {
  readonly requestId: string
  logger: Logger | undefined
  /** What its client has written, where `serve` keeps sessions. */
  readonly session?: CallerSession
  /** The request as it is measured; null or absent: nobody does. */
  seen?: SeenRequest | null
  /** What is known of its trace. Absent: nobody follows it. */
  trace?: RequestTrace
}

/** Carries the request through everything that its handler awaits. */
export const requestContext = new AsyncLocalStorage<RequestContext>()

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

let root: Logger | undefined
let sink: LogSink | undefined

/**
 * The logger of this process: JSON lines on standard output, level from `LOG_LEVEL`.
 * Lines are written in the background, so that a slow reader does not stop requests.
 */
export function rootLogger(): Logger {
  if (root !== undefined) return root
  sink = new LogSink(1)
  process.on('exit', flushLog)
  const wanted = process.env.LOG_LEVEL?.toLowerCase() ?? 'info'
  const known = levels.includes(wanted)
  root = pino(
    {
      level: known ? wanted : 'info',
      base: baseFields(),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    sink,
  )
  if (!known) root.warn({ found: wanted, known: levels }, 'LOG_LEVEL is unknown, info is used')
  return root
}

/** Lines that the log had no room for. */
export const droppedLines = (): number => sink?.dropped ?? 0

/** Writes what is still in memory, for the moment before the process dies. */
export function flushLog(): void {
  sink?.flushSync()
}

/** Writes everything in its order and ends the log; gives up on a reader that does not read. */
export async function closeLog(timeoutMs: number): Promise<void> {
  if (sink === undefined) return
  // What still runs may log (a socket that closes late), and would come behind the last line.
  sink.close()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  await Promise.race([sink.drained(), promise])
  clearTimeout(timer)
}

/**
 * The logger for the code that runs now: inside a request of {@link serve} every line carries its
 * `reqId`, and where the system is measured its `trace_id` and `span_id`; elsewhere it is the logger of the process.
 *
 * @example
 * app.get('/orders/:id', async ({ params }) => {
 *   log().info({ order: params.id }, 'order read')
 * })
 */
export function log(): Logger {
  const context = requestContext.getStore()
  if (context === undefined) return rootLogger()
  context.logger ??= rootLogger().child({ reqId: context.requestId, ...traceFields(context) })
  return context.logger
}

/** What a line of the log says of the trace that it belongs to. */
export const traceFields = ({ trace }: RequestContext): object | null =>
  trace === undefined ? null : { trace_id: trace.traceId, span_id: trace.spanId }

function baseFields(): Record<string, unknown> {
  const { BANYAN_NODE: node, BANYAN_SERVICE: service } = process.env
  return {
    pid: process.pid,
    ...(node === undefined ? { host: hostname() } : { node }),
    ...(service === undefined ? {} : { service }),
  }
}

/**
 * Only what says what went wrong and where. Errors of drivers and clients carry whole requests and
 * rows in their other fields, which have no business in a log.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const code = 'code' in error ? error.code : undefined
  const hint = 'hint' in error ? error.hint : undefined
  return {
    type: name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
    stack,
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  }
}
