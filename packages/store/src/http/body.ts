import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import { BanyanError } from '@banyan/model'

/** The whole body of a request, unpacked; what is longer than the limit is refused before it is all here. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const isPacked = request.headers['content-encoding'] === 'gzip'
  const stream = isPacked ? request.pipe(createGunzip()) : request
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (bytesMax: number): BanyanError =>
  new BanyanError('BANYAN_BODY_TOO_LARGE', `The body is longer than ${bytesMax} bytes.`, {
    hint: 'Send less at once.',
  })

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('The body is no JSON.', cause)
  }
}

export const invalid = (message: string, cause?: unknown): BanyanError =>
  new BanyanError('BANYAN_STORE_REQUEST_INVALID', message, {
    hint: 'packages/store/src/api/types.ts says what the store can be asked.',
    cause,
  })
