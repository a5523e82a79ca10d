import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { NoAnswer, reasonOf } from './failures.ts'
import { usableUntilMs } from './keep-alive.ts'
import { bytesMax, textOf } from './text-of.ts'

/** What is sent. */
export type Outgoing = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export type Received = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One request on its way: waits for a connection, is sent, and is settled exactly once. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly outgoing: Outgoing
  readonly deadlineMs: number
  readonly #now: () => number
  #controller: Dispatcher.DispatchController | null = null
  #sentMs = 0
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #chunks: Buffer[] = []
  #bytes = 0
  #settled = false
  readonly #resolve: (received: Received) => void
  readonly #reject: (error: NoAnswer) => void
  /** Gives the connection back. */
  onSettled: (() => void) | null = null

  constructor(
    outgoing: Outgoing,
    deadlineMs: number,
    now: () => number,
    resolve: (received: Received) => void,
    reject: (error: NoAnswer) => void,
  ) {
    this.outgoing = outgoing
    this.deadlineMs = deadlineMs
    this.#now = now
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Until when the connection may be used for another request, as its server announced. */
  get usableUntilMs(): number {
    return usableUntilMs(this.#headers, this.#sentMs)
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Undici says so right before the first byte is written; before that nothing was sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#sentMs = this.#now()
    if (this.#settled) controller.abort(new Error('settled'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > bytesMax) this.giveUp('answer too large')
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (!this.#settle()) return
    const [only] = this.#chunks
    const bytes = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks)
    const text = textOf(bytes, this.#headers['content-encoding'])
    this.#resolve({ status: this.#status, headers: this.#headers, text })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(reasonOf(error), error)
  }

  /** Ends it from our side: for its connection that is the end too, because an answer may still come. */
  giveUp(reason: string): void {
    if (this.#settled) return
    const controller = this.#controller
    this.fail(reason)
    controller?.abort(new Error(reason))
  }

  fail(reason: string, cause?: unknown): void {
    if (!this.#settle()) return
    const { method, path } = this.outgoing
    const outcome = this.#controller === null ? 'fail' : 'info'
    this.#reject(new NoAnswer(`${method} ${path}`, reason, outcome, cause))
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.onSettled?.()
    return true
  }
}
