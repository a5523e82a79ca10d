import { connect, type Socket } from 'node:net'
import { type CountingAnswers, countAnswer, emptyCounts } from '@banyan/model'
import { inFlightOf, inspect, numberOf } from '../../engines/haproxy/inspect.ts'
import { maps, trialKey } from '../../engines/haproxy/maps.ts'
import { command } from '../../engines/haproxy/runtime.ts'
import { readHaproxyLine } from '../../engines/haproxy/trial-line.ts'
import type { Look } from './tape.ts'

/** A line that never ends is none of HAProxy's. */
const lineBytesMax = 4_096

/**
 * Has a HAProxy write a line for each request, while a release is tried, and counts them by their servers.
 * Its own statistics know of failures, but of no times.
 */
export class HaproxyLines {
  readonly #socketPath: string
  readonly #counts = new Map<string, CountingAnswers>()
  readonly #redispatched = new Map<string, number>()
  #stream: Socket | null = null
  /** Whether lines come: without them nobody knows that nothing was answered. */
  #isFollowing = false
  #pid = 0
  #rest = ''

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  /** What is known of each node now; null when HAProxy gives no answer, or its lines do not come yet. */
  async look(): Promise<ReadonlyMap<string, Look> | null> {
    const found = await inspect(this.#socketPath)
    if (found === null) return null
    // One that was reloaded, or started again, knows nothing of the trial; who served before still talks.
    if (found.pid !== this.#pid || this.#stream === null) this.#follow(found.pid)
    if (found.facts.get(trialKey) !== 'on') await this.#turn('on')
    if (!this.#isFollowing) return null
    const looks = new Map<string, Look>()
    for (const slot of found.slots) {
      const { name, row } = slot
      const node = found.facts.get(name)
      if (node === undefined) continue
      this.#noteRedispatched(`${found.pid} ${node}`, node, numberOf(row, 'wredis'))
      const { sent, failed, latency } = this.#of(node)
      looks.set(node, {
        answers: { sent, failed, latency: latency.slice() },
        inFlight: inFlightOf(slot),
      })
    }
    return looks
  }

  async close(): Promise<void> {
    this.#stream?.destroy()
    await this.#turn('off')
  }

  async #turn(state: 'on' | 'off'): Promise<void> {
    await command(this.#socketPath, [`set map ${maps.facts} ${trialKey} ${state}`])
  }

  /** Waits for new lines, and leaves out those of an earlier trial. */
  #follow(pid: number): void {
    this.#stream?.destroy()
    this.#pid = pid
    const stream = connect(this.#socketPath)
    this.#stream = stream
    this.#isFollowing = false
    this.#rest = ''
    stream.setEncoding('latin1')
    stream.on('connect', () => {
      if (this.#stream === stream) this.#isFollowing = true
    })
    stream.on('data', (text: string) => this.#read(text))
    stream.on('error', () => {})
    stream.on('close', () => {
      if (this.#stream !== stream) return
      this.#stream = null
      this.#isFollowing = false
    })
    stream.write('show events trial -w -n\n')
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = (lines.pop() ?? '').slice(0, lineBytesMax)
    for (const line of lines) this.#count(line)
  }

  #count(text: string): void {
    const line = readHaproxyLine(text)
    if (line !== null) countAnswer(this.#of(line.node), line.ms, line.failed)
  }

  /** What went to another server, because this one failed it, has only the line of the other one. */
  #noteRedispatched(key: string, node: string, count: number): void {
    const before = this.#redispatched.get(key)
    this.#redispatched.set(key, count)
    for (let n = before ?? count; n < count; n++) countAnswer(this.#of(node), 0, true)
  }

  #of(node: string): CountingAnswers {
    const known = this.#counts.get(node)
    if (known !== undefined) return known
    const counts = emptyCounts()
    this.#counts.set(node, counts)
    return counts
  }
}
