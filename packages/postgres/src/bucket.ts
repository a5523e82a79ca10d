import type { KeyType } from '@banyan/model'
import type { Key } from './key.ts'
import { hashBytes, hashWord, highHalf } from './lookup3.ts'

/** How many slices the key space has. Fixed for ever: every row's place follows from it. */
export const buckets = 4096

const scratch = new Uint8Array(4096)
const encoder = new TextEncoder()

/**
 * The 64-bit hash of a key, signed, exactly as PostgreSQL's `uuid_hash_extended`,
 * `hashint8extended` or `hashtextextended` with seed 0.
 *
 * @param key a key as `parseKey` returns it
 * @example hashKey('42', 'text') // -2402356501652256834n; hashKey(42n, 'bigint') is 8010225493015854792n
 */
export function hashKey(key: Key, keyType: KeyType): bigint {
  const low = lowHalf(key, keyType)
  return (BigInt(highHalf()) << 32n) | BigInt(low >>> 0)
}

/**
 * The bucket of a key, from 0 to 4,095: the same as `hash…extended(key, 0) & 4095` in SQL.
 *
 * @param key a key as `parseKey` returns it
 * @example bucketOf(parseKey(request.params.user, 'uuid'), 'uuid')
 */
export function bucketOf(key: Key, keyType: KeyType): number {
  return lowHalf(key, keyType) & (buckets - 1)
}

/** The SQL expression of a bucket, for row filters, triggers and views. */
export function bucketSql(column: string, keyType: KeyType): string {
  return `(pg_catalog.${hashFunctions[keyType]}(${column}, 0) & ${buckets - 1})`
}

const hashFunctions: Record<KeyType, string> = {
  uuid: 'uuid_hash_extended',
  bigint: 'hashint8extended',
  text: 'hashtextextended',
}

function lowHalf(key: Key, keyType: KeyType): number {
  if (keyType === 'bigint') return hashBigint(key as bigint)
  if (keyType === 'uuid') return hashUuid(key as string)
  return hashText(key as string)
}

/** Folds the halves so that the hash of an int8 equals that of the same int4 and int2. */
function hashBigint(value: bigint): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return hashHalves(number | 0, Math.floor(number / 2 ** 32) | 0)
  return hashHalves(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
}

const hashHalves = (low: number, up: number): number => hashWord(up >= 0 ? low ^ up : low ^ ~up)

function hashUuid(uuid: string): number {
  let length = 0
  for (let i = 0; i < 36; i += 2) {
    if (uuid.charCodeAt(i) === 45) i++
    scratch[length++] = (digit(uuid.charCodeAt(i)) << 4) | digit(uuid.charCodeAt(i + 1))
  }
  return hashBytes(scratch, 16)
}

/** The value of a lower-case hexadecimal digit. */
const digit = (code: number): number => (code < 58 ? code - 48 : code - 87)

function hashText(text: string): number {
  // Short ASCII is copied by hand: a call of TextEncoder costs more than the hash.
  const { length } = text
  if (length > 128) return hashEncoded(text)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return hashEncoded(text)
    scratch[i] = code
  }
  return hashBytes(scratch, length)
}

function hashEncoded(text: string): number {
  if (text.length * 3 <= scratch.length) {
    return hashBytes(scratch, encoder.encodeInto(text, scratch).written)
  }
  const bytes = encoder.encode(text)
  return hashBytes(bytes, bytes.length)
}
