import { connect } from 'node:net'
import type { Backend } from '@banyan/model'
import { isOwnFault } from './own-fault.ts'
import type { Probe, ProbeOutcome } from './probe.ts'

/**
 * Asks a server of a protocol that is not known whether it takes a connection, which is closed again
 * at once, in order: what it may say of itself is not ours to understand.
 */
export function probePort(
  { host, port }: Pick<Backend, 'host' | 'port'>,
  timeoutMs: number,
  done: (outcome: ProbeOutcome) => void,
): Probe {
  const socket = connect({ host, port })
  const close = (): void => {
    clearTimeout(timer)
    socket.removeAllListeners()
    socket.on('error', () => {})
    socket.destroy()
  }
  const finish = (outcome: ProbeOutcome): void => {
    close()
    done(outcome)
  }
  const timer = setTimeout(() => {
    finish({ kind: 'timeout', reason: `It did not take a connection within ${timeoutMs} ms.` })
  }, timeoutMs)
  socket.once('connect', () => finish({ kind: 'passed' }))
  socket.once('error', (error: NodeJS.ErrnoException) => {
    if (isOwnFault(error)) finish({ kind: 'unknown', reason: error.message })
    else finish({ kind: 'failed', reason: sayError(error) })
  })
  return { cancel: close }
}

const sayError = ({ code, message }: NodeJS.ErrnoException): string =>
  code === 'ECONNREFUSED' ? 'It refuses connections.' : message
