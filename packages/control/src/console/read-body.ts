import type { IncomingMessage } from 'node:http'
import { BanyanError } from '@banyan/model'
import { refused } from './guard.ts'

const bytesMax = 1_048_576

/** The JSON object that a page sends, of at most one megabyte. */
export async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readText(request)
  try {
    const body: unknown = JSON.parse(text === '' ? '{}' : text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
      return body as Record<string, unknown>
    }
  } catch {
    // Said below, as for any other body that is no object.
  }
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The body of the request is not a JSON object.', {
    hint: 'Send for example {"node":"web-1"}.',
  })
}

/** The body as it was sent. */
export async function readText(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(): BanyanError {
  return refused('The body of the request is larger than one megabyte.', undefined, 413)
}
