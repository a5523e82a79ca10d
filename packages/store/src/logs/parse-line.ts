import { isRecord } from '../is-record.ts'
import { type Line, levelOf } from './line.ts'
import type { Redactor } from './redact.ts'

export type ParseOptions = {
  readonly redact: Redactor
  /** Longest message, and longest JSON of the fields. */
  readonly lengthMax: number
}

/** `2026-11-22 00:01:04.006 UTC [6024] app@db LOG:  …`, as our servers are told to write (`%m [%p] %q%u@%d `). */
const postgresLine =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) (?:UTC|GMT) \[(\d+)\] (?:(\S*@\S*) )?([A-Z]+\d?):\s+(.*)$/s

const haproxyLine = /^\[(NOTICE|WARNING|ALERT|DIAG)\]\s+\((\d+)\) : (.*)$/s
/** What Go programs write, Prometheus among them. */
const logfmtLine = /^(?:ts|time)=(\S+) .*?\blevel=(\w+)\b/
const textLevel = /\b(?:(FATAL|PANIC|ERROR|WARN(?:ING)?)\b|\w*([Ee]rror|[Ww]arning):\s)/

/** What of a line of JSON has a place of its own. */
const placed = new Set(['level', 'time', 'at', 'msg', 'message', 'hostname', 'trace_id'])

/**
 * Understands one line: pino's JSON, PostgreSQL's text, HAProxy's, or whatever it is. Secrets are masked before
 * anything is cut, so that none is left by half.
 *
 * @example
 * parseLine('{"level":"info","time":1,"msg":"listening","port":80}', options).fields // { port: 80 }
 */
export function parseLine(text: string, options: ParseOptions): Line {
  const found = text.startsWith('{') ? parseJson(text) : null
  const line = found === null ? parseText(text) : fromJson(found)
  return bounded(line, options)
}

function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

function fromJson(said: Record<string, unknown>): Line {
  const fields = Object.fromEntries(Object.entries(said).filter(([key]) => !placed.has(key)))
  const message = said.msg ?? said.message ?? said.sentence ?? ''
  if (message === fields.sentence) delete fields.sentence
  return {
    at: timeOf(said.time ?? said.at),
    level: levelOf(said.level) ?? jsonLevel(said),
    message: typeof message === 'string' ? message : JSON.stringify(message),
    trace: typeof said.trace_id === 'string' && said.trace_id !== '' ? said.trace_id : null,
    fields,
  }
}

/** What control says has no level: a failure is one all the same. */
function jsonLevel({ type, outcome, health }: Record<string, unknown>): Line['level'] {
  if (type === 'failed' || outcome === 'failed') return 'error'
  return health === 'failed' || type === 'fault' ? 'warn' : 'info'
}

function parseText(text: string): Line {
  return fromPostgres(text) ?? fromHaproxy(text) ?? fromLogfmt(text) ?? plain(text)
}

function fromPostgres(text: string): Line | null {
  const found = postgresLine.exec(text)
  if (found === null) return null
  const [, time = '', pid, user, word, message = ''] = found
  const fields = { pid: Number(pid), ...(user !== undefined && { user }), severity: word }
  const at = timeOf(`${time.replace(' ', 'T')}Z`)
  return { at, level: levelOf(word) ?? 'info', message, trace: null, fields }
}

function fromHaproxy(text: string): Line | null {
  const found = haproxyLine.exec(text)
  if (found === null) return null
  const [, word, pid, message = ''] = found
  return {
    at: null,
    level: levelOf(word) ?? 'info',
    message,
    trace: null,
    fields: { pid: Number(pid) },
  }
}

function fromLogfmt(text: string): Line | null {
  const found = logfmtLine.exec(text)
  if (found === null) return null
  return { ...plain(text), at: timeOf(found[1]), level: levelOf(found[2]) ?? 'info' }
}

function plain(text: string): Line {
  const found = textLevel.exec(text.slice(0, 200))
  const level = levelOf(found?.[1] ?? found?.[2]) ?? 'info'
  return { at: null, level, message: text, trace: null, fields: {} }
}

/** ISO text or milliseconds since 1970; seconds and nanoseconds are known by their size. */
function timeOf(said: unknown): number | null {
  const number = typeof said === 'string' && /^\d+(\.\d+)?$/.test(said) ? Number(said) : said
  if (typeof number === 'string') {
    const parsed = Date.parse(number)
    return Number.isNaN(parsed) ? null : parsed
  }
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return null
  if (number < 1e11) return Math.round(number * 1_000)
  return number > 1e16 ? Math.round(number / 1e6) : Math.round(number)
}

function bounded(line: Line, { redact, lengthMax }: ParseOptions): Line {
  const message = redact.text(line.message)
  const fields = redact.value(line.fields) as Line['fields']
  const isLong = JSON.stringify(fields).length > lengthMax
  return {
    ...line,
    trace: line.trace?.slice(0, 64) ?? null,
    message: message.length > lengthMax ? `${message.slice(0, lengthMax)}…` : message,
    fields: isLong ? { cut: true } : fields,
  }
}
