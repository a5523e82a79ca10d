import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestHead } from '../http/request-head.ts'
import type { ExchangeContext } from './exchange.ts'

export type TunnelRequest = {
  readonly socket: Socket
  /** What the client sent behind its request already. */
  readonly early: Buffer
  readonly head: RequestHead
  readonly service: string
  readonly request: IncomingMessage
  readonly context: ExchangeContext
}

export function openTunnel({ socket }: TunnelRequest): void {
  socket.destroy()
}
