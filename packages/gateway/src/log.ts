import { destination, type Logger, pino } from 'pino'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** JSON lines on standard output, written in the background; level from `LOG_LEVEL`. */
export function openLog(node: string): { logger: Logger; flush(): void } {
  const sink = destination({ fd: 1, sync: false })
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
  return {
    logger,
    flush: () => {
      try {
        sink.flushSync()
      } catch {
        // The reader of standard output is gone, and there is nowhere left to say so.
      }
    },
  }
}
