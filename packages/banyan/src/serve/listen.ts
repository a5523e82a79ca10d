import type { Server } from 'node:net'
import { BanyanError } from '@banyan/model'
import type { Place } from './place.ts'

/** How many connections the kernel keeps for us while we are busy. */
const backlog = 1024

export type Address = { readonly url: string; readonly port: number }

/** Starts to listen, and says where: `http://127.0.0.1:3000`. */
export async function listenOn(server: Server, place: Place): Promise<Address> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.once('listening', resolve)
  if (place.kind === 'socket') server.listen({ fd: place.fd }, backlog)
  else server.listen({ host: place.host, port: place.port, backlog })
  try {
    await promise
  } catch (cause) {
    throw listenError(place, cause as NodeJS.ErrnoException)
  } finally {
    server.off('error', reject)
    server.off('listening', resolve)
  }
  return addressOf(server)
}

function addressOf(server: Server): Address {
  const address = server.address()
  if (address === null || typeof address === 'string') {
    return { url: `unix:${address ?? ''}`, port: 0 }
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { url: `http://${host}:${address.port}`, port: address.port }
}

function listenError(place: Place, cause: NodeJS.ErrnoException): BanyanError {
  if (place.kind === 'socket') {
    return new BanyanError(
      'BANYAN_LISTEN_SOCKET_INVALID',
      `LISTEN_FDS announces a socket, but descriptor ${place.fd} is not a listening one (${cause.code ?? cause.message}).`,
      {
        hint: 'Unset LISTEN_FDS and set PORT, or start the process through systemd or Banyan.',
        cause,
      },
    )
  }
  const at = `${place.host}:${place.port}`
  const details = { host: place.host, port: place.port }
  if (cause.code === 'EADDRINUSE') {
    return new BanyanError('BANYAN_PORT_TAKEN', `Another process listens on ${at}.`, {
      hint: `Stop it (ss -ltnp 'sport = :${place.port}' names it), or set PORT to another port.`,
      cause,
      details,
    })
  }
  const hint =
    cause.code === 'EACCES'
      ? 'Ports below 1024 need privileges: set PORT to 1024 or above.'
      : 'Set HOST to an address of this machine.'
  return new BanyanError('BANYAN_LISTEN_FAILED', `${at} cannot be listened on: ${cause.message}.`, {
    hint,
    cause,
    details,
  })
}
