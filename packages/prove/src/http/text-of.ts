import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'

/**
 * The text of a body. We ask for no compression, and a server may compress all the same. What cannot be
 * read is given as it came: whoever expects JSON of it will say so.
 */
export function textOf(bytes: Buffer, encoding: string | string[] | undefined): string {
  const decode = typeof encoding === 'string' ? decoders[encoding.toLowerCase()] : undefined
  if (!decode || bytes.length === 0) return bytes.toString()
  try {
    return decode(bytes, { maxOutputLength: bytesMax }).toString()
  } catch {
    return bytes.toString()
  }
}

/** A body that is larger than this is not read to its end, nor unpacked. */
export const bytesMax = 32 * 1024 * 1024

type Decode = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer

const decoders: Readonly<Record<string, Decode>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}
