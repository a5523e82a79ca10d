import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { readSystemFile } from '../data/system-file.ts'
import { type Logger, requestContext, rootLogger } from '../log.ts'
import { RecordedDays } from './recorded-days.ts'

/** Options of {@link record}. */
export type RecordOptions = {
  /** Whom or what the event is about, as a rule the id of a user. Only a keyed hash of it is written. */
  readonly subject?: string | number | bigint | null | undefined
}

/** Names of events, also in the config. */
const names = /^[a-z0-9._-]{1,80}$/

const subjectBytesMax = 1_024

/** Of a process that belongs to no system: what it writes is of no use to anybody else. */
const ownSecret = randomBytes(32)

let key: KeyObject | undefined

/** Wrong names that were told of; more are not kept. */
const told = new Set<string>()
const toldMax = 100

const days = new RecordedDays()

/**
 * Records that something has happened in the app, of which business metrics are computed: `telemetry.business`
 * in the config says which, and the console draws them. It is one line of the log,
 *
 *     {"level":"info","time":"2026-11-22T12:00:00.000Z","pid":1,"node":"web-1","service":"web",
 *      "event":"user.active","subject":"8Zb1mJk0hQ2xw4Tn","msg":"event"}
 *
 * also where `LOG_LEVEL` asks for less, unless it is `silent`. `subject` is a keyed hash (HMAC-SHA256, 96
 * bits of it, in base64url) which is the same in every process of the system, and says nothing to whoever
 * has no key; it is left out where there is none. Which request it was is left out too.
 *
 * The same event of the same subject is written once a day (UTC) by each process, so that it may be called
 * with each request. So of what is counted (`count: 'events'`) the subject is the thing itself, the order
 * and not the customer, or there is none, and then each call is a line.
 *
 * It never throws, and never waits: a line that the log has no room for is lost. A name that is none
 * (`a-z 0-9 . _ -`, at most 80) is not recorded, which the log says once.
 *
 * @param event its name: `user.active`, `order.placed`
 *
 * @example
 * import { record } from 'banyan/telemetry'
 *
 * app.post('/orders', async (request) => {
 *   const order = await place(request.body)
 *   record('user.active', { subject: order.customerId })
 *   record('order.placed', { subject: order.id })
 *   return order
 * })
 */
export function record(event: string, options: RecordOptions = {}): void {
  try {
    write(event, options?.subject)
  } catch (error) {
    rootLogger().warn({ err: error }, 'an event was not recorded')
  }
}

function write(event: string, subject: unknown): void {
  if (typeof event !== 'string' || !names.test(event)) {
    complain(event, 'the name of an event is made of a-z, 0-9 and . _ -')
    return
  }
  if (subject === undefined || subject === null) {
    say({ event })
    return
  }
  const text = textOf(subject)
  if (text === null) {
    complain(event, 'the subject of an event is a text of 1 to 1,024 bytes, or a number')
    return
  }
  if (days.isNew(event, text, Date.now())) say({ event, subject: hash(text) })
}

function textOf(subject: unknown): string | null {
  if (typeof subject === 'number' || typeof subject === 'bigint') return String(subject)
  if (typeof subject !== 'string' || subject === '') return null
  return Buffer.byteLength(subject) <= subjectBytesMax ? subject : null
}

let events: Logger | undefined

/**
 * An event is no message of a level that somebody turns off. Outside of its request, since what the log adds
 * there (trace and request) would lead from the hash to a path with a name in it.
 */
function say(fields: { event: string; subject?: string }): void {
  const logger = rootLogger()
  if (logger.level === 'silent') return
  events ??= logger.isLevelEnabled('info') ? logger : logger.child({}, { level: 'info' })
  requestContext.exit(() => events?.info(fields, 'event'))
}

/** What was found is not repeated: it may be anything. */
function complain(event: unknown, why: string): void {
  const about = `${typeof event === 'string' ? event.slice(0, 80) : ''}${why}`
  if (told.has(about) || told.size >= toldMax) return
  told.add(about)
  rootLogger().warn({ reason: why }, 'an event was not recorded')
}

const hashChars = 16

const hash = (subject: string): string =>
  createHmac('sha256', secret())
    .update(`banyan-subject ${subject}`)
    .digest('base64url')
    .slice(0, hashChars)

/**
 * What positions of sessions are signed with too; the word before the subject keeps the two apart. Made into a
 * key once: to make one of bytes each time costs six times what is done with it.
 */
function secret(): KeyObject {
  key ??= secretOf(process.env.BANYAN_SYSTEM)
  return key
}

function secretOf(systemFile: string | undefined): KeyObject {
  const isOfSystem = systemFile !== undefined && systemFile !== ''
  const text = isOfSystem ? readSystemFile(systemFile).sessionSecret : ''
  return createSecretKey(text === undefined || text === '' ? ownSecret : Buffer.from(text))
}
