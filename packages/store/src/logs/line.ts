import type { LogLevel } from '../api/types.ts'

/** A line of a log as it was understood. */
export type Line = {
  /** Null: it says nothing of its time. */
  readonly at: number | null
  readonly level: LogLevel
  readonly message: string
  readonly trace: string | null
  readonly fields: Readonly<Record<string, unknown>>
}

/** In the order of their weight. */
export const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/** The number of a level, as pino has them. */
export const weightOf = (level: LogLevel): number => (levels.indexOf(level) + 1) * 10

export const levelOfWeight = (weight: number): LogLevel =>
  levels[Math.min(5, Math.max(0, Math.floor(weight / 10) - 1))] as LogLevel

const words: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  verbose: 'debug',
  debug: 'debug',
  info: 'info',
  log: 'info',
  notice: 'info',
  statement: 'info',
  detail: 'info',
  hint: 'info',
  context: 'info',
  location: 'info',
  warn: 'warn',
  warning: 'warn',
  alert: 'error',
  err: 'error',
  error: 'error',
  crit: 'fatal',
  emerg: 'fatal',
  critical: 'fatal',
  fatal: 'fatal',
  panic: 'fatal',
}

/** A level as programs say it, by word or by number; null where it is none. */
export function levelOf(said: unknown): LogLevel | null {
  if (typeof said === 'number') return levelOfWeight(said)
  if (typeof said !== 'string') return null
  return words[said.toLowerCase().replace(/\d+$/, '')] ?? null
}
