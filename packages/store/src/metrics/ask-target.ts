import type { IncomingMessage } from 'node:http'
import { Agent, request } from '../node-http.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

const bytesMax = 16_777_216

export type Asked = {
  /** `host:port`. */
  readonly address: string
  readonly token: string
  readonly timeoutMs: number
}

/** The whole of a target's `/-/metrics`, or an error: a status, a body that is too long, no answer in time. */
export async function askTarget({ address, token, timeoutMs }: Asked): Promise<string> {
  const url = `http://${address}/-/metrics`
  return await new Promise<string>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/plain; version=0.0.4' }
    const asked = request(url, { agent, headers }, (response) => {
      readBody(response).then(resolve, reject)
    })
    const timer = setTimeout(() => {
      // Where we were late ourselves, the answer may be there already: it is read first.
      setImmediate(() => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    }, timeoutMs)
    asked.once('error', reject)
    asked.once('close', () => clearTimeout(timer))
    asked.end()
  })
}

async function readBody(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.resume()
    throw new Error(`status ${response.statusCode}`)
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bytesMax) throw new Error(`more than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
