/**
 * Bob Jenkins' lookup3 as PostgreSQL uses it for `hash_bytes_extended` with seed 0, little-endian.
 * PostgreSQL promises that these hashes never change between versions (hash partitioning rests on
 * them). The 64 bits come as two 32-bit halves, because arithmetic on BigInt is some fifty times
 * slower and a bucket needs the low half only.
 */

const golden = 0x9e3779b9 + 3923095

/** The upper half of the last hash; valid until the next call. */
let high = 0

/** The upper 32 bits of the hash that was computed last. */
export const highHalf = (): number => high

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

/** Hashes one 32-bit word, as `hash_uint32_extended`; returns the low half. */
export function hashWord(word: number): number {
  const start = (golden + 4) | 0
  return finish((start + word) | 0, start, start)
}

/** Hashes `length` bytes from the start of `bytes`, as `hash_bytes_extended`; returns the low half. */
export function hashBytes(bytes: Uint8Array, length: number): number {
  const start = (golden + length) | 0
  let a = start
  let b = start
  let c = start
  let at = 0
  for (; length - at >= 12; at += 12) {
    a = (a + littleEndian(bytes, at)) | 0
    b = (b + littleEndian(bytes, at + 4)) | 0
    c = (c + littleEndian(bytes, at + 8)) | 0
    a = ((a - c) | 0) ^ rotate(c, 4)
    c = (c + b) | 0
    b = ((b - a) | 0) ^ rotate(a, 6)
    a = (a + c) | 0
    c = ((c - b) | 0) ^ rotate(b, 8)
    b = (b + a) | 0
    a = ((a - c) | 0) ^ rotate(c, 16)
    c = (c + b) | 0
    b = ((b - a) | 0) ^ rotate(a, 19)
    a = (a + c) | 0
    c = ((c - b) | 0) ^ rotate(b, 4)
    b = (b + a) | 0
  }
  // The lowest byte of c is left out here: it holds the length.
  for (let i = at; i < length; i++) {
    const byte = bytes[i] as number
    const offset = i - at
    if (offset < 4) a = (a + (byte << (8 * offset))) | 0
    else if (offset < 8) b = (b + (byte << (8 * (offset - 4)))) | 0
    else c = (c + (byte << (8 * (offset - 7)))) | 0
  }
  return finish(a, b, c)
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

function finish(a0: number, b0: number, c0: number): number {
  let a = a0
  let b = b0
  let c = c0
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  c = ((c ^ b) - rotate(b, 24)) | 0
  high = b
  return c
}
