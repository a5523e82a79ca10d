// A gateway in this process, or as the program that control starts, and servers to put behind it. Not a test.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net, { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Gateway, type GatewayLimits } from '@banyan/gateway'
import type { Backend, GatewayFile, GatewayStatus } from '@banyan/model'
import { pino } from 'pino'
import { until } from './serve-process.ts'

export const token = 'a-token'

export const backend = (port: number, more: Partial<Backend> = {}): Backend => ({
  node: `web-${port}`,
  service: 'web',
  host: '127.0.0.1',
  port,
  health: null,
  state: 'ready',
  ...more,
})

export const gatewayFile = (
  backends: readonly Backend[],
  more: Partial<GatewayFile> = {},
): GatewayFile => ({
  format: 1,
  version: 1,
  node: 'gateway-1',
  listen: { host: '127.0.0.1', port: 0 },
  token,
  drainTimeoutMs: 2_000,
  trustedProxies: [],
  routes: [{ host: null, prefix: '/', service: 'web' }],
  backends,
  ...more,
})

export type RunningGateway = {
  readonly gateway: Gateway
  readonly port: number
  [Symbol.asyncDispose](): Promise<void>
}

/** A gateway in this process, once every server in its file has been found healthy. */
export async function startGateway(
  file: GatewayFile,
  limits: Partial<GatewayLimits> = {},
): Promise<RunningGateway> {
  const gateway = await Gateway.start({
    file,
    limits,
    place: { host: '127.0.0.1', port: 0 },
    logger: pino({ level: 'silent' }),
  })
  await until(() => gateway.status.backends.every(({ healthy }) => healthy))
  return {
    gateway,
    port: Number(new URL(gateway.url).port),
    [Symbol.asyncDispose]: async () => {
      gateway.apply({ ...file, version: Number.MAX_SAFE_INTEGER, drainTimeoutMs: 0 })
      await gateway.stop()
    },
  }
}

/** A connection to a scripted server, that is no health check. */
export type Received = { readonly socket: Socket; bytes: string; ended: boolean }

export type ScriptedServer = {
  readonly port: number
  readonly connections: readonly Received[]
  /** Everything that came over connections that were no health checks. */
  seen(): string
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A server that answers as a test says, byte for byte, and keeps what it got. Health checks are
 * answered with 404 and not kept. Called with every piece that arrives.
 */
export async function scriptedServer(
  script: (received: Received) => void = () => {},
): Promise<ScriptedServer> {
  const connections: Received[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    const received: Received = { socket, bytes: '', ended: false }
    sockets.add(socket)
    let isCheck: boolean | undefined
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      received.ended = true
    })
    socket.on('end', () => {
      received.ended = true
      socket.end()
    })
    socket.on('data', (piece) => {
      received.bytes += piece.toString('latin1')
      isCheck ??= received.bytes.startsWith('GET /-/ready ')
      if (isCheck) {
        socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
        return
      }
      if (!connections.includes(received)) connections.push(received)
      script(received)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    connections,
    seen: () => connections.map(({ bytes }) => bytes).join('\n---\n'),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Answers with a body of a known length. */
export const answer = (socket: Socket, body: string, headers = ''): boolean =>
  socket.write(
    `HTTP/1.1 200 OK\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )

export type Origin = {
  readonly pid: number
  readonly port: number
  /** How many requests it was sent that were no health checks. */
  count(): number
  kill(signal?: NodeJS.Signals): void
  readonly ended: Promise<unknown>
  [Symbol.asyncDispose](): Promise<void>
}

const originScript = fileURLToPath(new URL('./gateway-origin.ts', import.meta.url))

/** A real server in a process of its own; see gateway-origin.ts for what it does on which path. */
export async function startOrigin(port = 0): Promise<Origin> {
  const child = spawn(process.execPath, [originScript, String(port)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  let requests = 0
  const ready = Promise.withResolvers<number>()
  child.on('message', (message: { port?: number; requests?: number }) => {
    if (message.port !== undefined) ready.resolve(message.port)
    if (message.requests !== undefined) requests = message.requests
  })
  void ended.then(() => ready.reject(new Error('the origin ended before it listened')))
  return {
    pid: child.pid as number,
    port: await ready.promise,
    count: () => requests,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    ended,
    [Symbol.asyncDispose]: () => end(child, ended),
  }
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await ended
}

export type GatewayProcess = {
  readonly pid: number
  readonly port: number
  readonly privatePort: number
  output(): string
  status(): Promise<GatewayStatus>
  put(file: unknown, withToken?: string): Promise<Response>
  kill(signal: NodeJS.Signals): void
  /** Starts it again on the same socket. */
  again(): Promise<void>
  ended(): Promise<number | NodeJS.Signals>
  [Symbol.asyncDispose](): Promise<void>
}

const program = fileURLToPath(import.meta.resolve('@banyan/gateway/main'))

/** The program, with a public socket that this process holds and never accepts from. */
export async function startGatewayProcess(file: GatewayFile): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-gateway-'))
  const path = join(folder, 'gateway.json')
  const [port, privatePort] = [await freePort(), await freePort()]
  const whole = { ...file, listen: { host: '127.0.0.1', port: privatePort } }
  await writeFile(path, JSON.stringify(whole), { mode: 0o600 })
  const socket = bind(port)
  let output = ''
  let child: ChildProcess
  let ended: Promise<[number | null, NodeJS.Signals | null]>
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [program], {
      env: { ...process.env, LISTEN_FDS: '1', BANYAN_SYSTEM: path, LOG_LEVEL: 'info' },
      stdio: ['ignore', 'pipe', 'inherit', socket.fd],
    })
    ended = once(child, 'exit') as typeof ended
    child.stdout?.on('data', (piece: Buffer) => {
      output += piece
    })
    const before = output.length
    await until(() => output.slice(before).includes('"listening"') || child.exitCode !== null)
  }
  await start()
  const url = `http://127.0.0.1:${privatePort}/-/gateway`
  const authorization = `Bearer ${token}`
  return {
    get pid() {
      return child.pid as number
    },
    port,
    privatePort,
    output: () => output,
    status: async () =>
      (await (await fetch(url, { headers: { authorization } })).json()) as GatewayStatus,
    put: (next, withToken = token) =>
      fetch(url, {
        method: 'PUT',
        headers: { authorization: `Bearer ${withToken}` },
        body: typeof next === 'string' ? next : JSON.stringify(next),
      }),
    kill: (signal) => void child.kill(signal),
    again: start,
    ended: async () => {
      const [code, signal] = await ended
      return (code ?? signal) as number
    },
    [Symbol.asyncDispose]: async () => {
      await end(child, ended)
      socket.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type BoundSocket = { readonly fd: number; close(): void }

/** A socket that is bound and not listened on, as the holder has it. */
export function bind(port: number): BoundSocket {
  const { _createServerHandle } = net as unknown as {
    _createServerHandle(host: string, port: number, type: number): BoundSocket | number
  }
  const handle = _createServerHandle('127.0.0.1', port, 4)
  if (typeof handle === 'number') throw new Error(`cannot bind ${port}: ${handle}`)
  return handle
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
