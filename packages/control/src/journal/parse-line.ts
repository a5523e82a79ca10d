import { type JournalLine, journalFormat } from './entry.ts'

/** What one line of the journal turned out to be. `newer`: of a later format, which is not a fault of the file. */
export type ParsedLine =
  | { readonly outcome: 'read'; readonly line: JournalLine }
  | { readonly outcome: 'newer'; readonly format: number }
  | { readonly outcome: 'broken'; readonly what: string }

const broken = (what: string): ParsedLine => ({ outcome: 'broken', what })

/** Reads one whole line, without its end. Pure: nothing is believed of it that was not checked. */
export function parseLine(bytes: Uint8Array): ParsedLine {
  const value = readValue(bytes)
  if (value === undefined) return broken('it is not JSON')
  if (!isRecord(value)) return broken('it is not an object')
  const { format, kind } = value
  if (typeof format === 'number' && format > journalFormat) return { outcome: 'newer', format }
  if (format !== journalFormat) return broken('it says no format that is known')
  const shape = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined
  if (shape === undefined) return broken('it is of no kind that is known')
  const wrong = Object.entries({ at: isTime, climb: isName, ...shape }).find(
    ([field, fits]) => !fits(value[field]),
  )
  if (wrong !== undefined) return broken(`its "${wrong[0]}" is missing or wrong`)
  return { outcome: 'read', line: value as JournalLine }
}

/** Bytes that are no UTF-8 would otherwise become question marks inside of a text, and pass. */
function readValue(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

type Check = (value: unknown) => boolean

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText: Check = (value) => typeof value === 'string'
const isName: Check = (value) => typeof value === 'string' && value !== ''
const isTime: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const isNames: Check = (value) => Array.isArray(value) && value.every(isName)
const isAmount: Check = (value) => typeof value === 'number' && value >= 0
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isNumber: Check = (value) => isCount(value) && (value as number) >= 1
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string)
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const isBalancer: Check = oneOf('gateway', 'haproxy')
const isStep: Check = (value) => isRecord(value) && isName(value.kind)
const isRequests: Check = (value) => isRecord(value) && isCount(value.sent) && isCount(value.failed)
const isReport: Check = (value) =>
  isRecord(value) &&
  isName(value.code) &&
  isText(value.message) &&
  orNull(isText)(value.hint) &&
  isRecord(value.details)

const shapes: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  climb: {
    direction: oneOf('up', 'grow', 'shrink', 'release', 'undo'),
    from: isNames,
    to: isNames,
    release: orNull(isText),
    fromRelease: orAbsent(orNull(isText)),
    balancer: orAbsent(isBalancer),
    fromBalancer: orAbsent(isBalancer),
  },
  step: { n: isNumber, step: isStep, sentence: isText },
  did: { n: isNumber, ms: isAmount, outcome: oneOf('done', 'failed') },
  turn: { to: isNames, reason: orNull(isReport) },
  end: {
    outcome: oneOf('done', 'undone', 'failed'),
    requests: isRequests,
    longestWritePauseMs: orNull(isAmount),
    totalMs: isAmount,
    reason: orNull(isReport),
  },
}
