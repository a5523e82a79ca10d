import type { AnswerCounts } from './answer-counts.ts'
import type { ProcessTelemetry } from './telemetry.ts'

/**
 * What a gateway is told: the file that `BANYAN_SYSTEM` names, and the body of `PUT /-/gateway`. It is
 * whole each time, so that a gateway that starts without control, or heard nothing of a change, needs
 * nothing but the last one.
 */
export type GatewayFile = {
  readonly format: 1
  /** Grows with each change; a gateway takes no older one than it has. */
  readonly version: number
  readonly node: string
  /** Where it listens for control; clients come through the passed socket. */
  readonly listen: { readonly host: string; readonly port: number }
  /** The bearer token of `/-/gateway`. */
  readonly token: string
  /** How long connections, WebSockets above all, may live on once their server or the gateway stops. */
  readonly drainTimeoutMs: number
  /** Addresses or CIDR ranges of proxies whose forwarded headers are believed. */
  readonly trustedProxies: readonly string[]
  /** How a server is chosen; without it `round-robin`. */
  readonly balance?: Balance
  /** Whether a client stays with the server that answered it, by a cookie; without it, no. */
  readonly sticky?: boolean
  /** How long the share of a server that has come back grows until it is whole; without it 0. */
  readonly slowStartMs?: number
  readonly routes: readonly GatewayRoute[]
  /** The public ports besides that of HTTP. Absent: none. */
  readonly tcp?: readonly GatewayPort[]
  readonly backends: readonly Backend[]
  /** Absent: nothing is measured. */
  readonly telemetry?: ProcessTelemetry
}

/** How a balancer chooses: servers in turn, or the one that has the least to do. Both go by weights. */
export type Balance = (typeof balances)[number]

export const balances = ['round-robin', 'least-connections'] as const

/**
 * The cookie that names the server that answered a client, where `sticky` is asked for. Each service has
 * its own: a client of two of them would lose its place at one with each request to the other.
 *
 * @example
 * stickyCookie('web') // 'banyan_node_web'
 */
export const stickyCookie = (service: string): string => `banyan_node_${service}`

/** The weight of a server that says none: its share is weight over the sum of the weights. */
export const defaultWeight = 100

/** The greatest weight, which HAProxy has too. */
export const weightMax = 256

/** Requests for a path prefix, of one host name or of all, go to a service. */
export type GatewayRoute = {
  /** Null: every host. */
  readonly host: string | null
  readonly prefix: string
  readonly service: string
}

/**
 * A public port whose connections are passed on as they are. Which there are does not change while a
 * gateway runs: the sockets are passed to it when it starts.
 */
export type GatewayPort = {
  readonly port: number
  /** The descriptor of its socket, as it was passed. */
  readonly fd: number
  /** Null: none has it any more, and who connects is told so by the end of the connection. */
  readonly service: string | null
}

/** A server that requests are sent to. */
export type Backend = {
  readonly node: string
  readonly service: string
  readonly host: string
  readonly port: number
  /** The path that answers 2xx when it is ready; null: `/-/ready` where `serve` answers it, else the open port. */
  readonly health: string | null
  /** `drain`: what is under way is finished, nothing new is sent. */
  readonly state: 'ready' | 'drain'
  /**
   * 0 to 256, without it 100: its part of the requests beside the others of its service. 0: none but
   * those of clients that stay with it by their cookie.
   */
  readonly weight?: number
  /** It is given whole connections, and is ready when it takes one. Absent: it answers requests of HTTP. */
  readonly tcp?: true
}

/** What `GET /-/gateway` answers. */
export type GatewayStatus = {
  readonly version: number
  readonly requests: EntryRequests
  readonly backends: readonly BackendStatus[]
}

export type BackendStatus = {
  readonly node: string
  readonly state: Backend['state']
  /** Whether requests are sent to it: its checks passed, and its last answers were not failures. */
  readonly healthy: boolean
  /** Requests; of a server that is given whole connections, those that are open. */
  readonly inFlight: number
  readonly webSockets: number
  /** Why it is not healthy. */
  readonly reason: string | null
  /** What it has answered since it is sent to, each attempt by itself. Absent: an older gateway's. */
  readonly answers?: AnswerCounts
}

/**
 * What an entry node has answered since its start. Failed: an answer of 500 or more, or one that was
 * cut short and not by its client.
 */
export type EntryRequests = { readonly sent: number; readonly failed: number }

/** What `GET /-/control` of a `serve` process answers. */
export type ServeStatus = {
  readonly requests: EntryRequests
  readonly inFlight: number
  readonly webSockets: number
  /** What it has answered since its start, probes aside. Absent: an older process's. */
  readonly answers?: AnswerCounts
}

/** `last-words.json` beside the file in `BANYAN_SYSTEM`: what a process had answered when it ended in order. */
export type LastWords = { readonly pid: number; readonly requests: EntryRequests }
