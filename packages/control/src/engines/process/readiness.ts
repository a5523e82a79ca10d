import { connect } from 'node:net'
import { request } from '../../node-http.ts'
import type { Probe } from '../../supervise/driver.ts'

export type Target = {
  readonly host: string
  readonly port: number
  /** A path that has to answer 2xx, for a process without `serve`. */
  readonly health: string | null
}

const timeoutMs = 1_000

/** A bind address that means every interface is reached over the loopback one. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

/** What a process has turned out to be; a later probe asks only for what it can answer. */
export type Kind = 'unknown' | 'serve' | 'plain'

/**
 * Asks once whether a process takes requests. `serve` says so itself, with a header that the app
 * cannot be mistaken for; for any other process the open port is enough, or its health path.
 */
export async function probeService(target: Target, kind: Kind): Promise<Finding> {
  const open = await canConnect(target)
  if (!open) {
    return { probe: { ready: false, missing: nothingListens(target) }, kind, unanswered: false }
  }
  if (kind !== 'plain') {
    const answer = await get(target, '/-/ready')
    if (answer === null)
      return { probe: judge('/-/ready', null), kind, unanswered: kind !== 'serve' }
    if (answer.fromServe) return found(judge('/-/ready', answer), 'serve')
    if (kind === 'serve') return found(judge('/-/ready', null), kind)
  }
  if (target.health === null) return found({ ready: true }, 'plain')
  return found(judge(target.health, await get(target, target.health)), 'plain')
}

/** The same of a process that speaks a protocol of its own: it takes a connection. */
export async function probePort(target: Pick<Target, 'host' | 'port'>): Promise<Probe> {
  if (await canConnect(target)) return { ready: true }
  return { ready: false, missing: nothingListens(target) }
}

type Finding = {
  readonly probe: Probe
  readonly kind: Kind
  /** It took a connection and gave no answer, so that its kind is still open. */
  readonly unanswered: boolean
}

const found = (probe: Probe, kind: Kind): Finding => ({ probe, kind, unanswered: false })

type Answer = { readonly status: number; readonly fromServe: boolean }

function judge(path: string, answer: Answer | null): Probe {
  if (answer === null) return { ready: false, missing: `GET ${path} got no answer` }
  if (answer.status >= 200 && answer.status < 300) return { ready: true }
  return { ready: false, missing: `GET ${path} answered ${answer.status}` }
}

const nothingListens = ({ port }: Pick<Target, 'port'>): string => `nothing listens on port ${port}`

async function canConnect({ host, port }: Pick<Target, 'host' | 'port'>): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

async function get({ host, port }: Target, path: string): Promise<Answer | null> {
  return await new Promise((resolve) => {
    const options = {
      host,
      port,
      path,
      agent: false,
      timeout: timeoutMs,
      headers: { connection: 'close' },
    }
    const asked = request(options, (response) => {
      resolve({
        status: response.statusCode ?? 0,
        fromServe: response.headers['banyan-ready'] !== undefined,
      })
      response.destroy()
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(null))
    asked.once('close', () => resolve(null))
    asked.end()
  })
}
