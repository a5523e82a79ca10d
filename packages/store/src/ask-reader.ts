import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { BanyanError } from '@banyan/model'
import type { Question, ReaderReply, ReaderRequest } from './reader-protocol.ts'

/** So many questions may wait; the next one is refused, since its answer would come too late for anybody. */
const waitingMax = 32
const timeoutMs = 10_000

export type AskReaderOptions = {
  readonly directory: string
  readonly generations: () => ReaderRequest['generations']
  readonly onDamaged: (file: 'logs' | 'traces', why: string) => void
}

type Waiting = {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

const program = new URL(`./reader${extname(import.meta.url)}`, import.meta.url)

/** The thread that searches. One that ends, or hangs over a question, is replaced by a new one. */
export class AskReader {
  readonly #options: AskReaderOptions
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #lastId = 0

  constructor(options: AskReaderOptions) {
    this.#options = options
  }

  async ask(question: Question): Promise<unknown> {
    if (this.#waiting.size >= waitingMax)
      throw new BanyanError('BANYAN_STORE_BUSY', `${waitingMax} questions wait already.`, {
        hint: 'Ask again in a moment, or for a shorter time.',
      })
    const id = ++this.#lastId
    const worker = this.#started()
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#replace('a question took too long'), timeoutMs)
      this.#waiting.set(id, { resolve, reject, timer })
      const generations = this.#options.generations()
      worker.postMessage({ id, question, generations } satisfies ReaderRequest)
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#fail('the store stops')
    await worker?.terminate()
  }

  #started(): Worker {
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(program, { workerData: { directory: this.#options.directory } })
    worker.on('message', (reply: ReaderReply) => this.#take(reply))
    worker.on('error', ({ message }) => {
      if (this.#worker === worker) this.#fail(message)
    })
    worker.unref()
    this.#worker = worker
    return worker
  }

  #take(reply: ReaderReply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    clearTimeout(waiting?.timer)
    if ('answer' in reply) {
      waiting?.resolve(reply.answer)
      return
    }
    if (reply.damaged !== null) this.#options.onDamaged(reply.damaged, reply.error)
    waiting?.reject(away(reply.error))
  }

  #replace(why: string): void {
    const worker = this.#worker
    this.#fail(why)
    void worker?.terminate()
  }

  #fail(why: string): void {
    this.#worker = null
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(away(why))
    }
    this.#waiting.clear()
  }
}

const away = (why: string): BanyanError =>
  new BanyanError('BANYAN_STORE_BUSY', `The store cannot answer that now: ${why}.`, {
    hint: 'Ask again in a moment; "banyan logs store" says more where it goes on.',
  })
