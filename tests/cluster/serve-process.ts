// Starts serve-apps.ts as a process and talks to it over bare sockets. Not a test.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { ServeOptions } from 'banyan'

const scripts = {
  http: fileURLToPath(new URL('./serve-apps.ts', import.meta.url)),
  webSocket: fileURLToPath(new URL('./serve-ws-apps.ts', import.meta.url)),
}

export type LogLine = Record<string, unknown> & { readonly msg: string }

/** A process with `serve` in it. */
export type ServeProcess = {
  readonly pid: number
  readonly port: number
  readonly url: string
  /** The lines logged so far. */
  logs(): LogLine[]
  /** Everything printed so far. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  [Symbol.asyncDispose](): Promise<void>
}

export type StartOptions = {
  readonly app: string
  /** Another program than those, which listens by `serve` as well. */
  readonly script?: string
  /** Which of the two files the app is in. Default `http`. */
  readonly apps?: keyof typeof scripts
  readonly serve?: ServeOptions
  readonly env?: Record<string, string>
  readonly stdio?: StdioOptions
}

/** Starts an app and waits until it says where it listens; rejects when it ends before that. */
export async function startServe(options: StartOptions): Promise<ServeProcess> {
  const { PORT: _port, HOST: _host, LOG_LEVEL: _level, ...inherited } = process.env
  const child = spawn(
    process.execPath,
    [
      options.script ?? scripts[options.apps ?? 'http'],
      options.app,
      JSON.stringify(options.serve ?? {}),
    ],
    {
      env: { ...inherited, PORT: '0', ...options.env },
      stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => {
      output += piece
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number)
  const lines = (): LogLine[] => output.split('\n').flatMap(parseLine)
  const address = (): unknown => lines().find(({ msg }) => msg.startsWith('listening'))?.url
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  await until(() => hasEnded || address() !== undefined, 60_000).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  if (hasEnded) throw new Error(`the app ended with ${await ended}:\n${output}`)
  const url = String(address())
  return {
    pid: child.pid as number,
    port: Number(new URL(url).port),
    url,
    logs: lines,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    ended,
    [Symbol.asyncDispose]: () => end(child, ended),
  }
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await ended
}

function parseLine(line: string): LogLine[] {
  return line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as LogLine] : []
}

/** Waits until something holds, looking every few milliseconds; says what when it never does. */
export async function until(holds: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One connection, on which a test says exactly which bytes go out. */
export class RawConnection {
  readonly #socket: Socket
  #received = ''
  #closedAtMs: number | null = null
  #failure: Error | null = null

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      this.#received += piece
    })
    socket.on('error', (error) => {
      this.#failure = error
    })
    const closed = (): void => {
      this.#closedAtMs ??= performance.now()
    }
    socket.on('end', closed)
    socket.on('close', closed)
  }

  get closed(): boolean {
    return this.#closedAtMs !== null
  }

  get failure(): Error | null {
    return this.#failure
  }

  /** What arrived and was not taken as an answer. */
  get received(): string {
    return this.#received
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  get(path: string): Promise<Answer> {
    this.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    return this.answer()
  }

  /** The next whole answer. */
  async answer(timeoutMs = 10_000): Promise<Answer> {
    let found: { answer: Answer; rest: string } | null = null
    const ready = (): boolean => {
      found = parseAnswer(this.#received, this.closed)
      return found !== null || this.closed
    }
    await until(ready, timeoutMs)
    if (found === null) throw new Error(`closed without an answer: ${this.#failure?.message ?? ''}`)
    const { answer, rest } = found as { answer: Answer; rest: string }
    this.#received = rest
    return answer
  }

  async untilClosed(timeoutMs = 15_000): Promise<void> {
    await until(() => this.closed, timeoutMs)
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

function parseAnswer(text: string, closed: boolean): { answer: Answer; rest: string } | null {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const status = Number(first.split(' ')[1])
  const after = text.slice(headEnd + 4)
  const length = headers['content-length']
  if (status < 200) return { answer: { status, headers, body: '' }, rest: after }
  if (length !== undefined) {
    if (after.length < Number(length)) return null
    const body = after.slice(0, Number(length))
    return { answer: { status, headers, body }, rest: after.slice(Number(length)) }
  }
  if (headers['transfer-encoding'] === 'chunked') return parseChunked(status, headers, after)
  return closed ? { answer: { status, headers, body: after }, rest: '' } : null
}

function parseChunked(
  status: number,
  headers: Record<string, string>,
  text: string,
): { answer: Answer; rest: string } | null {
  let body = ''
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const end = lineEnd + 2 + size
    if (text.length < end + 2) return null
    if (size === 0) return { answer: { status, headers, body }, rest: text.slice(end + 2) }
    body += text.slice(lineEnd + 2, end)
    at = end + 2
  }
}
