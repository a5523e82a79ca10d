import { createServer, connect as dial, type Socket } from 'node:net'

export type CuttingProxy = {
  readonly port: number
  /**
   * Lets the next messages of clients that hold these words reach the server, and cuts the
   * connection once the server has answered, before the client hears of it.
   */
  cutAnswerTo(words: string, times?: number): void
  readonly cutsLeft: number
  close(): Promise<void>
}

/** Stands between a client and a server and loses an answer on demand. */
export async function startCuttingProxy(host: string, port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  let words = ''
  let cutsLeft = 0
  const server = createServer((client) => {
    const upstream = dial(port, host)
    let isCut = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.on('data', (chunk) => {
      if (cutsLeft > 0 && chunk.includes(words)) {
        cutsLeft -= 1
        isCut = true
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (isCut) client.destroy()
      else client.write(chunk)
    })
    client.on('close', () => upstream.end())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    cutAnswerTo(next, times = 1) {
      words = next
      cutsLeft = times
    },
    get cutsLeft() {
      return cutsLeft
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
