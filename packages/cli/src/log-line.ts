import { type Colour, paint } from './paint.ts'

const levels: Readonly<Record<string, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
const levelColours: Readonly<Record<string, Colour>> = {
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}

/** What a person need not see again on every line: the node stands in front already. */
const hidden = [
  'level',
  'time',
  'at',
  'msg',
  'message',
  'sentence',
  'pid',
  'hostname',
  'host',
  'node',
  'service',
]

/** A log entry in JSON as a line for people; anything else as it is. */
export function prettify(line: string): string {
  const entry = parse(line)
  if (entry === null) return line
  const level = levels[String(entry.level)] ?? String(entry.level ?? 'info')
  const message = entry.sentence ?? entry.msg ?? entry.message ?? ''
  const error = isError(entry.err) ? entry.err : null
  const said = error === null ? hidden : [...hidden, 'err']
  const fields = Object.entries(entry).filter(([name]) => !said.includes(name))
  const rest = fields.map(([name, value]) => `${name}=${sayValue(value)}`).join(' ')
  const head = `${timeOf(entry)}${paintLevel(level.toUpperCase().padEnd(5), level)} ${message}`
  const whole = `${head}${rest === '' ? '' : ` ${paint('dim', rest)}`}`
  return error === null ? whole : [whole, ...sayError(error)].join('\n')
}

type LoggedError = {
  readonly message: string
  readonly code?: unknown
  readonly hint?: unknown
  readonly stack?: unknown
  readonly cause?: unknown
}

/** An error as pino writes it. */
function isError(value: unknown): value is LoggedError {
  return typeof (value as LoggedError | null)?.message === 'string'
}

/** What went wrong, the mend, and where in the app; the frames of packages tell nobody anything. */
function sayError({ message, code, hint, stack, cause }: LoggedError): string[] {
  const frames = typeof stack === 'string' ? stack.split('\n').filter(isFrameOfApp) : []
  return [
    `  ${paint('red', message)}${typeof code === 'string' ? ` ${paint('dim', code)}` : ''}`,
    ...(typeof hint === 'string' ? [`  ${hint}`] : []),
    ...frames.slice(0, framesMax).map((frame) => paint('dim', frame)),
    ...(isError(cause) && cause.message !== message ? [`  because: ${cause.message}`] : []),
  ]
}

const framesMax = 5

function isFrameOfApp(line: string): boolean {
  return /^\s+at /.test(line) && !/node_modules|\(?node:/.test(line)
}

/** An object with a message: anything else that happens to be JSON is the app's own output. */
function parse(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    const value = JSON.parse(line) as Record<string, unknown>
    const known = ['msg', 'message', 'sentence'].some((name) => typeof value[name] === 'string')
    return known ? value : null
  } catch {
    return null
  }
}

function timeOf({ time, at }: Record<string, unknown>): string {
  const date = new Date((time ?? at) as string | number)
  if (Number.isNaN(date.getTime())) return ''
  return `${paint('dim', date.toTimeString().slice(0, 8))} `
}

function paintLevel(text: string, level: string): string {
  const colour = levelColours[level]
  return colour === undefined ? text : paint(colour, text)
}

function sayValue(value: unknown): string {
  if (typeof value === 'string') return /[\s"]/.test(value) ? JSON.stringify(value) : value
  return JSON.stringify(value) ?? String(value)
}
