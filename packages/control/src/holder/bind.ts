import net from 'node:net'
import { getSystemErrorMessage, getSystemErrorName } from 'node:util'
import { resolveHost } from './resolve-host.ts'

/** A public socket that is bound, and neither listens nor is read from. */
export type Bound = {
  readonly fd: number
  /** Must be kept for as long as the descriptor is wanted: it is closed with it. */
  readonly handle: unknown
}

export type BindFailure = { readonly code: string; readonly message: string }

export type BindRequest = {
  readonly host: string
  readonly port: number
  /** Whether somebody who listens there already may stay. */
  readonly beside: boolean
}

/** The part of a handle of Node's that is used here: `net` itself can only bind and listen at once. */
type Handle = {
  readonly fd: number
  getsockname(out: object): number
  listen(backlog: number): number
  close(): void
}

type MakeHandle = (
  host: string,
  port: number,
  family: 4 | 6,
  fd: undefined,
  flags: number,
) => Handle | number

const makeHandle = (net as unknown as { readonly _createServerHandle: MakeHandle })
  ._createServerHandle

/** Both are libuv's: UV_TCP_REUSEPORT, and the error of a system that lacks it. */
const reusePort = 2
const notSupported = 'ENOTSUP'

/**
 * Binds the public address and does not listen: whoever listens has to accept, and a holder cannot
 * answer. SO_REUSEPORT lets a later holder bind beside an entry node that still serves.
 *
 * The kernel lets several sockets bind one address as long as none listens, so that a listening
 * neighbour is looked for first, by listening for an instant.
 */
export async function bindPublic({
  host,
  port,
  beside,
}: BindRequest): Promise<Bound | BindFailure> {
  const { address, family } = await resolveHost(host)
  if (!beside) {
    const failure = tryToListen(address, port, family)
    if (failure !== null) return failure
  }
  const bound = bind(address, port, family, reusePort)
  if ('fd' in bound || bound.code !== notSupported) return bound
  return bind(address, port, family, 0)
}

function tryToListen(address: string, port: number, family: 4 | 6): BindFailure | null {
  const handle = makeHandle(address, port, family, undefined, 0)
  if (typeof handle === 'number') return failureOf(handle)
  const code = handle.listen(1)
  handle.close()
  return code === 0 ? null : failureOf(code)
}

function bind(address: string, port: number, family: 4 | 6, flags: number): Bound | BindFailure {
  const handle = makeHandle(address, port, family, undefined, flags)
  if (typeof handle === 'number') return failureOf(handle)
  // An address that is taken is not an error yet for libuv: it waits for us to listen.
  const code = handle.getsockname({})
  if (code === 0) return { fd: handle.fd, handle }
  handle.close()
  return failureOf(code)
}

function failureOf(code: number): BindFailure {
  return { code: getSystemErrorName(code), message: getSystemErrorMessage(code) }
}
