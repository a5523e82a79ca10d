import { type Logger, pino } from 'pino'
import { LogSink } from './log-sink.ts'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** JSON lines on standard output, written in the background; level from `LOG_LEVEL`. */
export function openLog(node: string): {
  readonly logger: Logger
  flush(): void
  /** Lines that the log had no room for. */
  dropped(): number
} {
  const sink = new LogSink(1)
  const wanted = process.env.LOG_LEVEL?.toLowerCase() ?? 'info'
  const logger = pino(
    {
      level: levels.includes(wanted) ? wanted : 'info',
      base: { pid: process.pid, node },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  )
  return { logger, flush: () => sink.flushSync(), dropped: () => sink.dropped }
}
