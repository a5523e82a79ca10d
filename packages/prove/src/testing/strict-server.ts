import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** One request as a strict server saw it. */
export type Seen = {
  readonly connection: number
  readonly path: string
  readonly connectionHeader: string | null
  /** Since the answer before it on this connection; null for the first. */
  readonly idleMs: number | null
}

export type StrictOptions = {
  /** What it announces; a connection that is idle for longer is reset at once. Null: it says nothing. */
  readonly announcedSeconds: number | null
  /** Paths that are answered with `Connection: close`, and those that are read and never answered. */
  readonly closing?: string
  readonly cutting?: string
}

/**
 * A server that keeps exactly to what it announces, in a thread of its own, so that its clock goes on while
 * ours is kept from running.
 */
export class StrictServer {
  readonly seen: Seen[] = []
  readonly #worker: Worker
  port = 0

  constructor(options: StrictOptions) {
    this.#worker = new Worker(`(${serveStrictly.toString()})()`, {
      eval: true,
      workerData: options,
    })
    this.#worker.on('message', (said: { seen?: Seen; port?: number }) => {
      if (said.seen) this.seen.push(said.seen)
      if (said.port) this.port = said.port
    })
  }

  async start(): Promise<this> {
    await once(this.#worker, 'message')
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Runs in the thread, from its text: it can use nothing of this module. */
function serveStrictly(): void {
  const { createServer } = process.getBuiltinModule('node:net')
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { announcedSeconds, closing, cutting } = workerData as StrictOptions
  let connections = 0
  const server = createServer((socket) => {
    const connection = connections++
    let text = ''
    let answeredMs: number | null = null
    let idle: NodeJS.Timeout | undefined
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => clearTimeout(idle))
    socket.on('data', (chunk) => {
      clearTimeout(idle)
      text += String(chunk)
      if (!text.includes('\r\n\r\n')) return
      const path = text.split(' ')[1] ?? ''
      const connectionHeader = /^connection: *(.*)$/im.exec(text)?.[1] ?? null
      const idleMs = answeredMs === null ? null : performance.now() - answeredMs
      text = ''
      parentPort?.postMessage({ seen: { connection, path, connectionHeader, idleMs } })
      if (path === cutting) {
        socket.resetAndDestroy()
        return
      }
      const closes = path === closing || connectionHeader === 'close'
      const keeps = announcedSeconds === null ? '' : `keep-alive: timeout=${announcedSeconds}\r\n`
      const head = closes ? 'connection: close\r\n' : keeps
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${head}\r\nok`)
      answeredMs = performance.now()
      if (closes) socket.end()
      else if (announcedSeconds !== null) {
        idle = setTimeout(() => socket.resetAndDestroy(), announcedSeconds * 1_000)
      }
    })
  })
  server.listen(0, '127.0.0.1', () => {
    parentPort?.postMessage({ port: (server.address() as { port: number }).port })
  })
}
