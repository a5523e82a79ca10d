import {
  type Backend,
  type BackendStatus,
  countAnswer,
  defaultWeight,
  emptyCounts,
} from '@banyan/model'
import type { GatewayLimits } from '../limits.ts'
import type { Choosable } from './choose.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { type Probe, type ProbeOutcome, probe } from './probe.ts'
import { probePort } from './probe-port.ts'

/** What a server tells the one that chooses among servers. */
export type ServerEvents = {
  /** It may be sent requests: it became healthy, or a connection is free. */
  onUsable(server: Server): void
  onHealth(server: Server): void
}

/** Something that lives beside the pooled connections: a WebSocket to this server, or a connection that is passed on. */
export type Tunnel = { goAway(): void; cut(): void }

/** How many checks in a row may time out before a server counts as gone. A refusal counts at once. */
const timeoutsMax = 2

/** One server that requests are sent to: its connections, and whether it is healthy. */
export class Server implements ConnectionOwner, Choosable {
  readonly answerHeadBytesMax: number
  readonly tunnels = new Set<Tunnel>()
  /** How long its share grows after it has come back. */
  slowStartMs = 0
  credit = 0
  readonly #answers = emptyCounts()
  readonly #limits: GatewayLimits
  readonly #events: ServerEvents
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  #backend: Backend
  #healthy = false
  #reason: string | null = 'It has not been asked yet.'
  #timeouts = 0
  #timer: NodeJS.Timeout | undefined
  #probe: Probe | null = null
  #retired = false
  #since = 0
  #drainTimer: NodeJS.Timeout | undefined

  constructor(backend: Backend, limits: GatewayLimits, events: ServerEvents) {
    this.#backend = backend
    this.#limits = limits
    this.#events = events
    this.answerHeadBytesMax = limits.answerHeadBytesMax
    this.#check()
  }

  get backend(): Backend {
    return this.#backend
  }

  get healthy(): boolean {
    return this.#healthy
  }

  get reason(): string | null {
    return this.#reason
  }

  /** Whether a request may be sent to it now. */
  get usable(): boolean {
    return (
      this.#healthy &&
      this.#backend.state === 'ready' &&
      this.inFlight < this.#limits.connectionsMax
    )
  }

  get inFlight(): number {
    return this.#all.size - this.#idle.length
  }

  /** WebSockets count: they are what it is busy with for longest. */
  get load(): number {
    return this.inFlight + this.tunnels.size
  }

  /** Its share grows evenly, from a hundredth on: with none it would be passed by where it is alone. */
  weightAt(now: number): number {
    const weight = this.#backend.weight ?? defaultWeight
    const age = now - this.#since
    return age >= this.slowStartMs ? weight : weight * Math.max(0.01, age / this.slowStartMs)
  }

  status(): BackendStatus {
    return {
      node: this.#backend.node,
      state: this.#backend.state,
      healthy: this.#healthy,
      ...this.#underWay(),
      reason: this.#reason,
      answers: { ...this.#answers, latency: this.#answers.latency.slice() },
    }
  }

  #underWay(): Pick<BackendStatus, 'inFlight' | 'webSockets'> {
    const { size } = this.tunnels
    if (this.#backend.tcp) return { inFlight: size, webSockets: 0 }
    return { inFlight: this.inFlight, webSockets: size }
  }

  /** Counts an answer that it gave to one attempt, or failed to give. */
  answered(ms: number, failed: boolean): void {
    countAnswer(this.#answers, ms, failed)
  }

  /** The same server with another state or health path. */
  update(backend: Backend, drainTimeoutMs: number): void {
    const { state } = this.#backend
    this.#backend = backend
    if (backend.state === 'drain' && state !== 'drain') this.#drain(drainTimeoutMs)
    if (backend.state === 'ready') clearTimeout(this.#drainTimer)
    if (backend.state === 'ready' && state === 'drain') this.#since = performance.now()
    if (this.usable) this.#events.onUsable(this)
  }

  /** It is no longer in the list: what is under way is finished, nothing new is sent. */
  retire(drainTimeoutMs: number): void {
    if (this.#retired) return
    this.#retired = true
    clearTimeout(this.#timer)
    this.#probe?.cancel()
    this.#backend = { ...this.#backend, state: 'drain' }
    this.#drain(drainTimeoutMs)
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#retired = true
    clearTimeout(this.#timer)
    clearTimeout(this.#drainTimer)
    this.#probe?.cancel()
    for (const tunnel of this.tunnels) tunnel.cut()
    for (const connection of this.#all) connection.giveUp()
  }

  /** A free connection, or a new one. */
  connection(): Connection {
    const now = performance.now()
    while (this.#idle.length > 0) {
      const connection = this.#idle.pop() as Connection
      if (connection.usable && connection.idleUntil > now) return connection
      connection.destroy()
    }
    const made = new Connection(this.#backend.host, this.#backend.port, this)
    this.#all.add(made)
    return made
  }

  onFree(connection: Connection): void {
    if (this.#backend.state === 'drain') {
      connection.destroy()
      return
    }
    this.#idle.push(connection)
    if (this.usable) this.#events.onUsable(this)
  }

  onGone(connection: Connection): void {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.usable) this.#events.onUsable(this)
  }

  /** A request met a connection that was refused or reset: nothing more is sent until a check passes. */
  suspect(reason: string): void {
    this.#judge(false, reason)
    if (this.#probe === null) this.#check()
  }

  /** Ends what waits for too long, and connections that have been idle for too long. */
  sweep(now: number): void {
    const { answerTimeoutMs, connectTimeoutMs } = this.#limits
    for (const connection of this.#all) {
      if (!connection.connected && now - connection.since > connectTimeoutMs) connection.giveUp()
      else if (connection.awaitsHead && now - connection.since > answerTimeoutMs)
        connection.giveUp()
    }
    for (const connection of this.#idle.slice()) {
      if (connection.idleUntil <= now) connection.destroy()
    }
  }

  #drain(timeoutMs: number): void {
    for (const connection of this.#idle.slice()) connection.destroy()
    clearTimeout(this.#drainTimer)
    this.#drainTimer = setTimeout(() => {
      for (const tunnel of this.tunnels) tunnel.goAway()
    }, timeoutMs)
    this.#drainTimer.unref()
  }

  #check(): void {
    clearTimeout(this.#timer)
    if (this.#retired) return
    const ask = this.#backend.tcp ? probePort : probe
    this.#probe = ask(this.#backend, this.#limits.checkTimeoutMs, (outcome) => {
      this.#probe = null
      this.#timeouts = outcome.kind === 'timeout' ? this.#timeouts + 1 : 0
      if (outcome.kind === 'passed') this.#judge(true, null)
      else if (outcome.kind === 'failed' || this.#timeouts >= timeoutsMax) {
        this.#judge(false, outcome.reason)
      }
      this.#again(outcome.kind)
    })
  }

  #again(outcome: ProbeOutcome['kind']): void {
    const { checkIntervalMs, recheckIntervalMs } = this.#limits
    const pauseMs = outcome === 'passed' ? checkIntervalMs : recheckIntervalMs
    this.#timer = setTimeout(() => this.#check(), pauseMs)
    this.#timer.unref()
  }

  #judge(healthy: boolean, reason: string | null): void {
    const changed = this.#healthy !== healthy
    this.#healthy = healthy
    this.#reason = reason
    if (!changed) return
    if (healthy) this.#since = performance.now()
    this.#events.onHealth(this)
    if (this.usable) this.#events.onUsable(this)
  }
}
