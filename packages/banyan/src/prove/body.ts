import type { IncomingMessage } from 'node:http'
import { BanyanError } from '@banyan/model'

/** More than any request of the protocol needs. */
const bytesMax = 262_144

/** Reads a body to its end, keeping no more of it than a request may have. */
export async function readProofBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes <= bytesMax) pieces.push(piece)
  }
  if (bytes > bytesMax) throw tooLarge(bytes)
  return Buffer.concat(pieces).toString('utf8')
}

const tooLarge = (bytes: number): BanyanError =>
  new BanyanError('BANYAN_BODY_TOO_LARGE', `The body has ${bytes} bytes.`, {
    hint: `A request to /-/prove has at most ${bytesMax}.`,
    details: { bytesMax },
  })
