import { BanyanError, type KeyType } from '@banyan/model'

/** A key brought to the key type: canonical lower-case uuid, bigint, or text. */
export type Key = string | bigint

/** A key is part of every primary key, whose index rows end at 2,704 bytes. */
export const textKeyBytesMax = 1024

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const canonicalInteger = /^(?:0|-?[1-9][0-9]{0,18})$/
const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** What PostgreSQL itself reads: braces or none, a hyphen or none after every four digits. */
const lenientUuid = /^(?:[0-9a-f]{4}(?:-?[0-9a-f]{4}){7}|\{[0-9a-f]{4}(?:-?[0-9a-f]{4}){7}\})$/i

/**
 * Brings a value to the system's key type, or throws `BANYAN_KEY_INVALID` naming what was found.
 *
 * Only what can mean one key alone is accepted:
 * - `uuid`: every spelling that PostgreSQL reads becomes the canonical one.
 * - `bigint`: a bigint, a safe integer, or its canonical decimal text, since a path parameter and
 *   node-postgres both give text. `'007'`, `'+7'` and `' 7'` are refused, else two addresses of a
 *   page would name one user.
 * - `text`: text as it is. A number is refused: 1e21, -0 and 1.0 have no one text, and a number in
 *   a key space of text is nearly always another column's value.
 *
 * @example parseKey('{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'uuid') // 'a0eebc99-9c0b-…'
 * @example parseKey('42', 'bigint') // 42n
 */
export function parseKey(value: unknown, keyType: KeyType): Key {
  if (keyType === 'uuid') return parseUuid(value)
  if (keyType === 'bigint') return parseBigint(value)
  return parseText(value)
}

function parseUuid(value: unknown): string {
  if (typeof value !== 'string') throw invalid(value, 'uuid', hints.uuid)
  if (canonicalUuid.test(value)) return value
  if (!lenientUuid.test(value)) throw invalid(value, 'uuid', hints.uuid)
  const digits = value.replace(/[{}-]/g, '').toLowerCase()
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

function parseBigint(value: unknown): bigint {
  const key = toBigint(value)
  if (key < int64Min || key > int64Max) {
    throw invalid(value, 'bigint', 'A bigint key lies between -2^63 and 2^63 - 1.')
  }
  return key
}

function toBigint(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string' && canonicalInteger.test(value)) return BigInt(value)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'number' && Number.isInteger(value)) {
    throw invalid(value, 'bigint', 'This number is too large to be exact: pass a bigint or text.')
  }
  throw invalid(value, 'bigint', hints.bigint)
}

function parseText(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalid(value, 'text', hints.text)
  if (value.includes('\0')) {
    throw invalid(value, 'text', 'PostgreSQL text cannot hold the character U+0000.')
  }
  if (!value.isWellFormed()) {
    throw invalid(
      value,
      'text',
      'A lone surrogate has no UTF-8 form, so two keys would become one.',
    )
  }
  // A character of UTF-16 takes at most three bytes, so that short text needs no counting.
  if (value.length * 3 > textKeyBytesMax && Buffer.byteLength(value) > textKeyBytesMax) {
    throw invalid(value, 'text', `A text key has at most ${textKeyBytesMax} bytes of UTF-8.`)
  }
  return value
}

const hints: Record<KeyType, string> = {
  uuid: 'Pass the uuid as text, as in 018f3c5e-7b1a-7c3d-9f00-0123456789ab.',
  bigint: 'Pass a bigint, a whole number, or its decimal text without sign +, spaces or leading 0.',
  text: 'Pass a text that is not empty; write String(value) where a number is meant.',
}

function invalid(value: unknown, keyType: KeyType, hint: string): BanyanError {
  const found = describe(value)
  return new BanyanError(
    'BANYAN_KEY_INVALID',
    `A key of type ${keyType} was expected, found ${found}.`,
    {
      hint,
      details: { expected: keyType, found },
    },
  )
}

/** Names a value in an error, short enough for a log line. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string')
    return value === '' ? 'an empty text' : `the text ${shorten(value)}`
  if (typeof value === 'number') return `the number ${Object.is(value, -0) ? '-0' : value}`
  if (typeof value === 'bigint') return `the bigint ${shorten(String(value))}`
  if (typeof value === 'boolean') return `the boolean ${value}`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object')
    return `an object (${value.constructor?.name ?? 'without prototype'})`
  return `a ${typeof value}`
}

function shorten(text: string): string {
  const start = text.slice(0, 60)
  const rest = text.length > 60 ? `… (${text.length} characters)` : ''
  return `${JSON.stringify(start)}${rest}`
}
