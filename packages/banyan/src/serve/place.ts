import { BanyanError } from '@banyan/model'

/** Where to listen: a socket that was passed to this process, or an address. */
export type Place = { readonly kind: 'socket'; readonly fd: number } | AddressPlace

export type AddressPlace = {
  readonly kind: 'address'
  readonly host: string
  readonly port: number
  readonly isDefault: boolean
}

/** Everywhere that one server listens. */
export type Places = {
  /** Where clients come. */
  readonly public: Place
  /**
   * Beside a passed socket: an address of this process alone. Several processes accept from one passed
   * socket, so that none of them can be asked for through it.
   */
  readonly private: AddressPlace | null
  /** Why a socket that was announced is not listened on. */
  readonly missing: string | null
}

/** What an app may say about its address; the environment goes before it. */
export type PlaceOptions = {
  readonly host?: string | undefined
  readonly port?: number | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const firstPassedFd = 3
const defaultPort = 3000

/**
 * A passed socket first, then `$HOST:$PORT`, then what the app asks for, then 127.0.0.1:3000: who
 * starts a process knows better than its code where it runs. With both a passed socket and `$PORT` it
 * is both. A wrapper between (tsx, npm) hands the announcement on but not the socket: then the address
 * is all there is, and whoever started us finds out by asking there.
 */
export function choosePlaces(
  env: Environment,
  pid: number,
  options: PlaceOptions,
  whyNoSocket: (fd: number) => string | null,
): Places {
  const fd = passedSocket(env, pid)
  if (fd === null) return { public: chooseAddress(env, options), private: null, missing: null }
  const hasPort = env.PORT !== undefined && env.PORT !== ''
  const address = hasPort ? chooseAddress(env, options) : null
  const missing = address === null ? null : whyNoSocket(fd)
  if (address !== null && missing !== null) return { public: address, private: null, missing }
  return { public: { kind: 'socket', fd }, private: address, missing: null }
}

function chooseAddress(env: Environment, options: PlaceOptions): AddressPlace {
  const host = env.HOST || options.host || '127.0.0.1'
  const fromEnvironment = env.PORT
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    return { kind: 'address', host, port: parsePort(fromEnvironment), isDefault: false }
  }
  const port = options.port === undefined ? defaultPort : parsePort(String(options.port))
  return { kind: 'address', host, port, isDefault: options.port === undefined }
}

/**
 * systemd's convention, see sd_listen_fds(3): `LISTEN_FDS` counts the sockets, the first is
 * descriptor 3, and they are meant for the process that `LISTEN_PID` names. Who starts this process
 * through a wrapper cannot know its pid; without `LISTEN_PID` the sockets are for whoever has them.
 */
function passedSocket(env: Environment, pid: number): number | null {
  const count = env.LISTEN_FDS
  if (count === undefined || count === '' || count === '0') return null
  const meantFor = env.LISTEN_PID
  if (meantFor !== undefined && meantFor !== '' && meantFor !== String(pid)) return null
  if (count === '1') return firstPassedFd
  throw new BanyanError(
    'BANYAN_LISTEN_SOCKET_INVALID',
    `LISTEN_FDS is ${JSON.stringify(count)}, but serve listens on exactly one socket.`,
    { hint: 'Pass one socket, or unset LISTEN_FDS and set PORT.', details: { found: count } },
  )
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new BanyanError(
    'BANYAN_PORT_INVALID',
    `PORT is ${JSON.stringify(text)}, which is not a number from 0 to 65535.`,
    { hint: 'Set PORT to a free port, or to 0 for any.', details: { found: text } },
  )
}
