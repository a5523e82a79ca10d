import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Backend } from '@banyan/model'
import { request } from '../node-http.ts'
import { isOwnFault } from './own-fault.ts'

export type ProbeOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed' | 'timeout' | 'unknown'; readonly reason: string }

export type Probe = { cancel(): void }

/**
 * Asks a server once whether it is ready, over a connection of its own: one that is kept could belong
 * to a process that no longer accepts. Where the config names no path, `/-/ready` is asked; a server
 * that does not know it has answered at least, which is what an open port can say.
 */
export function probe(
  backend: Pick<Backend, 'host' | 'port' | 'health'>,
  timeoutMs: number,
  done: (outcome: ProbeOutcome) => void,
): Probe {
  let over = false
  const finish = (outcome: ProbeOutcome): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    asked.destroy()
    done(outcome)
  }
  const { host, port, health } = backend
  const path = health ?? '/-/ready'
  const asked: ClientRequest = request({ host, port, path, agent: false, maxHeaderSize: 65_536 })
  const timer = setTimeout(() => {
    finish({ kind: 'timeout', reason: `It did not answer ${path} within ${timeoutMs} ms.` })
  }, timeoutMs)
  asked.on('response', (answer) => finish(judge(answer, health)))
  asked.on('error', (error: NodeJS.ErrnoException) => finish(judgeError(error, health)))
  asked.end()
  return {
    cancel: () => {
      over = true
      clearTimeout(timer)
      asked.destroy()
    },
  }
}

function judge({ statusCode = 0, headers }: IncomingMessage, health: string | null): ProbeOutcome {
  const isGood = statusCode >= 200 && statusCode < 300
  if (health !== null) {
    if (isGood) return { kind: 'passed' }
    return { kind: 'failed', reason: `It answers ${health} with ${statusCode}.` }
  }
  if (headers['banyan-ready'] === undefined || isGood) return { kind: 'passed' }
  return { kind: 'failed', reason: 'It says that it is not ready.' }
}

/** What answers, but not with HTTP, has an open port all the same. */
function judgeError(error: NodeJS.ErrnoException, health: string | null): ProbeOutcome {
  const isAnswer = error.code?.startsWith('HPE_') === true
  if (isAnswer && health === null) return { kind: 'passed' }
  if (isOwnFault(error)) return { kind: 'unknown', reason: error.message }
  const said = error.code === 'ECONNREFUSED' ? 'It refuses connections.' : error.message
  return { kind: 'failed', reason: said }
}
