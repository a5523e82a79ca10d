import { connect, type Socket } from 'node:net'

/** What a closed loop of some connections did. */
export type LoopReport = {
  readonly answers: number
  /** Answers that were no success, by status. */
  readonly refused: Readonly<Record<string, number>>
  readonly seconds: number
  readonly latenciesMs: readonly number[]
}

export type LoopOptions = {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** Whole requests as they go over the wire; shared by all connections. */
  readonly requests: Iterator<Buffer>
}

/**
 * Keeps some connections busy, each with one request at a time, so that the server is at its limit.
 * It reads of an answer only what tells where it ends: on a machine that the server shares, every
 * cycle of the load is taken from it.
 */
export async function closedLoop(options: LoopOptions): Promise<LoopReport> {
  const begun = performance.now()
  const ends = begun + options.seconds * 1000
  const refused: Record<string, number> = {}
  const latenciesMs: number[] = []
  const onAnswer = (status: string, ms: number) => {
    latenciesMs.push(ms)
    if (!status.startsWith('2')) refused[status] = (refused[status] ?? 0) + 1
  }
  const loops = Array.from({ length: options.connections }, () =>
    oneConnection(options, ends, onAnswer),
  )
  await Promise.all(loops)
  const seconds = (performance.now() - begun) / 1000
  return { answers: latenciesMs.length, refused, seconds, latenciesMs }
}

function oneConnection(
  { port, requests }: LoopOptions,
  ends: number,
  onAnswer: (status: string, ms: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let received = ''
    let sentAt = 0
    const next = () => {
      sentAt = performance.now()
      if (sentAt >= ends) return finish(socket, resolve)
      socket.write((requests.next() as IteratorYieldResult<Buffer>).value)
    }
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed a connection.')))
    socket.on('data', (chunk) => {
      // One byte, one character: lengths in headers count bytes.
      received += chunk.toString('latin1')
      const end = endOfAnswer(received)
      if (end < 0 || received.length < end) return
      onAnswer(received.slice(9, 12), performance.now() - sentAt)
      received = ''
      next()
    })
  })
}

function finish(socket: Socket, done: () => void): void {
  socket.removeAllListeners('close')
  socket.destroy()
  done()
}

/** Where the answer that begins the text ends, or -1 while that is not known. */
function endOfAnswer(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return -1
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1]
  return head + 4 + Number(length ?? 0)
}
