import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { EventLog } from '../api/events.ts'
import type { ControlEvent, Status } from '../api/types.ts'
import { LiveChanges } from './live-changes.ts'
import { LiveClient } from './live-client.ts'
import { LiveRing } from './live-ring.ts'
import type { Flow, LiveMessage, LiveState } from './types.ts'

export type LiveFeedOptions = {
  readonly system: string
  readonly events: EventLog
  readonly status: () => Status
  /** The newest second, of the store; null where it does not answer. */
  readonly flow: () => Promise<Flow | null>
}

const lookEveryMs = 250
const flowEveryMs = 1_000
const beatEveryMs = 10_000
/** How soon a browser that lost its connection tries again. */
const retryMs = 1_000
/** Events of the same moment are written in one go. */
const gatherMs = 50
/** How long a page that reloads, or lost its connection, is kept up for. */
const lingerMs = 30_000
const eventsKept = 200
const eventsMax = 1_000
const eventBytesMax = 262_144

/**
 * What the pages that are open are told. Nothing is looked at while nobody watches. Level-based: four times a
 * second the status is compared with what was sent, so that it costs the same however often it changes.
 */
export class LiveFeed {
  readonly #options: LiveFeedOptions
  readonly #epoch = `${Date.now().toString(36)}${randomBytes(3).toString('hex')}`
  readonly #clients = new Set<LiveClient>()
  readonly #ring = new LiveRing()
  #number = 0
  #changes = new LiveChanges()
  #events: ControlEvent[] = []
  #waiting: ControlEvent[] = []
  #gathering: NodeJS.Timeout | null = null
  #flow: Flow | null = null
  #asking = false
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #timers: NodeJS.Timeout[] = []
  #unfollow: (() => void) | null = null
  #lingering: NodeJS.Timeout | null = null

  constructor(options: LiveFeedOptions) {
    this.#options = options
  }

  get watched(): number {
    return this.#clients.size
  }

  /** Has a page follow from now on, or from what it was sent last. */
  follow(response: ServerResponse, lastId: string | undefined): void {
    this.#wake()
    this.#look()
    const client = new LiveClient(response, () => this.#hello())
    const missed = this.#missedSince(lastId)
    client.send(`retry: ${retryMs}\n\n${missed === null ? this.#hello() : missed.join('')}`)
    this.#clients.add(client)
    response.once('close', () => this.#leave(client))
  }

  close(): void {
    for (const client of this.#clients) client.end()
    this.#rest()
  }

  #leave(client: LiveClient): void {
    this.#clients.delete(client)
    if (this.#clients.size > 0 || this.#timers.length === 0) return
    this.#lingering = setTimeout(() => this.#rest(), lingerMs)
    this.#lingering.unref()
  }

  #wake(): void {
    if (this.#lingering !== null) clearTimeout(this.#lingering)
    this.#lingering = null
    if (this.#timers.length > 0) return
    this.#events = []
    this.#unfollow = this.#options.events.follow((event) => this.#hear(event))
    // What was said before is in the first message.
    this.#waiting = []
    const every = (ms: number, act: () => void) => this.#timers.push(setInterval(act, ms).unref())
    every(lookEveryMs, () => this.#look())
    every(flowEveryMs, () => void this.#askFlow())
    every(beatEveryMs, () => this.#write(': \n\n'))
    void this.#askFlow()
  }

  /** Nobody watches: nothing is kept up, so that whoever comes is sent everything. */
  #rest(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const timer of [this.#gathering, this.#lingering]) if (timer !== null) clearTimeout(timer)
    this.#timers = []
    this.#gathering = null
    this.#lingering = null
    this.#unfollow?.()
    this.#unfollow = null
    this.#changes = new LiveChanges()
    this.#flow = null
    // A gap in the numbers: what was missed meanwhile is not known.
    this.#ring.clear()
    this.#number += 1
  }

  #hear(event: ControlEvent): void {
    this.#events.push(event)
    if (this.#events.length > 2 * eventsMax) this.#events = this.#events.slice(-eventsMax)
    this.#waiting.push(event)
    if (this.#waiting.length > eventsMax) this.#waiting = this.#waiting.slice(-eventsMax)
    this.#gathering ??= setTimeout(() => this.#look(), gatherMs)
  }

  /** Sends what was said, and what is other than before. */
  #look(): void {
    if (this.#gathering !== null) clearTimeout(this.#gathering)
    this.#gathering = null
    const said = this.#waiting.map((event): LiveMessage => ({ type: 'event', event }))
    this.#waiting = []
    const isDue = performance.now() - this.#lookedAtMs >= lookEveryMs - gatherMs
    const changed = isDue ? this.#compare() : []
    this.#tell([...said, ...changed])
  }

  #compare(): LiveMessage[] {
    this.#lookedAtMs = performance.now()
    return this.#changes.take(this.#options.status())
  }

  #tell(messages: readonly LiveMessage[]): void {
    const text = messages.map((message) => this.#record(message)).join('')
    if (text !== '') this.#write(text)
  }

  #record(message: LiveMessage): string {
    this.#number += 1
    const text = this.#format(message)
    this.#ring.add(this.#number, text)
    return text
  }

  #write(text: string): void {
    for (const client of this.#clients) client.send(text)
  }

  #format(message: LiveMessage): string {
    return `id: ${this.#epoch}.${this.#number}\ndata: ${JSON.stringify(message)}\n\n`
  }

  /** Everything as it is; what comes after is told from here on. */
  #hello(): string {
    const { system, status } = this.#options
    // Those that wait to be told are told yet, and nobody is told twice.
    const told = this.#events.slice(0, this.#events.length - this.#waiting.length)
    const events = lastOf(told)
    const state: LiveState = { system, status: status(), events, flow: this.#flow }
    return this.#format({ type: 'hello', state })
  }

  #missedSince(lastId: string | undefined): readonly string[] | null {
    const [epoch, number] = (lastId ?? '').split('.')
    if (epoch !== this.#epoch || number === undefined || !/^\d+$/.test(number)) return null
    return this.#ring.after(Number(number), this.#number)
  }

  async #askFlow(): Promise<void> {
    if (this.#asking || this.#clients.size === 0) return
    this.#asking = true
    const flow = await this.#options.flow().catch(() => null)
    this.#asking = false
    const isNews = flow !== null || this.#flow !== null
    this.#flow = flow
    if (isNews && this.#timers.length > 0) this.#tell([{ type: 'flow', flow }])
  }
}

/** As many of the newest as a page shows, and no more than it should have to wait for. */
function lastOf(events: readonly ControlEvent[]): readonly ControlEvent[] {
  let bytes = 0
  const last = events.slice(-eventsKept)
  const from = last.findLastIndex((event) => {
    bytes += JSON.stringify(event).length
    return bytes > eventBytesMax
  })
  return last.slice(from + 1)
}
