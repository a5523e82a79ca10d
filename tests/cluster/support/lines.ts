import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { freePort, makeApp, type TestApp } from './banyan.ts'

/*
 * A service with a protocol of lines of its own, which speaks first as SMTP does, and clients of it.
 */

/** `WHO` says which process answers, `SAY x` gives x back, `FLOOD n` sends n bytes, `COUNT` counts what comes until the end. The release `crashing` does not survive a word. */
const service = `import { createServer } from 'node:net'
const release = 'RELEASE'
const open = new Set()
const server = createServer({ allowHalfOpen: true }, (socket) => {
  open.add(socket)
  socket.on('close', () => open.delete(socket))
  socket.on('error', () => socket.destroy())
  socket.write('220 ' + process.env.BANYAN_NODE + ' ' + release + '\\r\\n')
  let text = ''
  let counted = -1
  const flood = async (bytes) => {
    const piece = Buffer.alloc(65536, 'x')
    for (let left = bytes; left > 0 && !socket.destroyed; left -= piece.length) {
      const more = socket.write(left < piece.length ? piece.subarray(0, left) : piece)
      if (!more) await new Promise((resolve) => { socket.once('drain', resolve); socket.once('close', resolve) })
    }
  }
  socket.on('data', (piece) => {
    if (counted >= 0) { counted += piece.length; return }
    text += piece.toString('latin1')
    for (let at = text.indexOf('\\r\\n'); at >= 0 && counted < 0; at = text.indexOf('\\r\\n')) {
      const [word, rest = ''] = text.slice(0, at).split(' ', 2)
      text = text.slice(at + 2)
      if (word === 'WHO') socket.write('250 ' + process.env.BANYAN_NODE + ' ' + process.pid + '\\r\\n')
      else if (word === 'SAY' && release === 'crashing') process.exit(3)
      else if (word === 'SAY') socket.write('250 ' + rest + '\\r\\n')
      else if (word === 'FLOOD') void flood(Number(rest))
      else if (word === 'COUNT') { counted = text.length; text = '' }
      else if (word === 'QUIT') socket.end('221 bye\\r\\n')
      else socket.write('500 what?\\r\\n')
    }
  })
  socket.on('end', () => socket.end(counted >= 0 ? '250 counted ' + counted + '\\r\\n' : '221 bye\\r\\n'))
})
server.listen(Number(process.env.PORT), process.env.HOST)
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  for (const socket of open) socket.end('421 going away\\r\\n')
})
`

const web = `import { createServer } from 'node:http'
const server = createServer((request, response) => response.end('web'))
server.listen(Number(process.env.PORT), process.env.HOST)
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeAllConnections() })
`

const config = (services: string): string => `export default {
  name: 'lines',
  services: { ${services} },
}
`

export type LinesApp = TestApp & {
  /** Where the service is public. */
  readonly tcp: number
  /** The code of the service, as a release would change it. */
  release(name: string): Promise<void>
}

/** An app with a web service and one of lines, both public; or of lines alone. */
export async function makeLinesApp(alone = false): Promise<LinesApp> {
  const tcp = await freePort()
  const lines = `lines: { run: 'node lines.mjs', tcp: ${tcp}, stopTimeoutMs: 2000 }`
  const services = alone ? lines : `web: { run: 'node web.mjs', routes: ['/'] }, ${lines}`
  const app = await makeApp({
    'banyan.config.ts': config(services),
    'web.mjs': web,
    'lines.mjs': service.replace('RELEASE', 'r1'),
  })
  return {
    ...app,
    tcp,
    release: async (name) => await app.write('lines.mjs', service.replace('RELEASE', name)),
  }
}

/** A client of lines. */
export class LinesClient {
  readonly socket: Socket
  readonly #lines: AsyncIterator<string>
  #failure: Error | null = null

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', (error) => {
      this.#failure = error
    })
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  }

  /** Connects, and gives the client with the greeting of who answers. */
  static async open(port: number): Promise<{ client: LinesClient; node: string; release: string }> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    const client = new LinesClient(socket)
    const [code, node = '', release = ''] = (await client.line()).split(' ')
    if (code !== '220') throw new Error(`greeted with ${code}`)
    return { client, node, release }
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw this.#failure ?? new Error('the connection ended without a line')
    return value
  }

  async ask(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`)
    return await this.line()
  }

  /** Says goodbye, and waits for the answer to it. */
  async quit(): Promise<void> {
    const answer = await this.ask('QUIT')
    this.socket.destroy()
    if (!answer.startsWith('221')) throw new Error(`answered QUIT with ${answer}`)
  }
}

/** One short conversation, as a mail server has them by the thousand; gives who answered. */
export async function converse(port: number): Promise<{ node: string; release: string }> {
  const { client, node, release } = await LinesClient.open(port)
  try {
    const word = Math.random().toString(36).slice(2)
    const answer = await client.ask(`SAY ${word}`)
    if (answer !== `250 ${word}`) throw new Error(`answered ${answer}`)
    await client.quit()
    return { node, release }
  } finally {
    client.socket.destroy()
  }
}
