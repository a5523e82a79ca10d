import type { KeyType } from '@banyan/model'
import { hashKey, type Key } from '@banyan/postgres'
import type { ClientBase } from 'pg'

const hashFunctions = {
  uuid: 'uuid_hash_extended',
  bigint: 'hashint8extended',
  text: 'hashtextextended',
} as const
const batchSize = 20_000
const alphabets = [
  'abcdefghijklmnopqrstuvwxyz0123456789-',
  'äöüßéñçøł',
  '東京都日本語한국어',
  '🌳🌱😀𝔘',
]

/** Keys of which each stands for a branch of the hash or of the encoding. */
export const edgeKeys: Record<KeyType, Key[]> = {
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  bigint: [
    0n,
    1n,
    -1n,
    42n,
    2n ** 31n - 1n,
    2n ** 31n,
    -(2n ** 31n),
    2n ** 32n,
    -(2n ** 32n),
  ].concat([
    2n ** 53n - 1n,
    2n ** 53n,
    -(2n ** 53n),
    2n ** 63n - 1n,
    -(2n ** 63n),
    0x80000000n << 31n,
  ]),
  text: [
    '',
    'a',
    '42',
    'ä',
    '東京',
    '🌳',
    'a🌳b',
    ...[3, 4, 5, 7, 8, 9, 11, 12, 13, 23, 24, 25].map((n) => 'x'.repeat(n)),
  ].concat(
    [127, 128, 129, 1364, 1365, 1366, 5000].flatMap((n) => [
      'y'.repeat(n),
      'é'.repeat(n),
      `${'z'.repeat(n)}é`,
    ]),
  ),
}

/** A small generator with a seed, so that a key that fails can be made again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

const makeKey: Record<KeyType, (random: () => number) => Key> = {
  uuid: (random) => {
    const hex = Array.from({ length: 4 }, () => random().toString(16).padStart(8, '0')).join('')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },
  // Of every magnitude, not only of the largest, which most random 64-bit numbers have.
  bigint: (random) =>
    BigInt.asIntN(
      64,
      ((BigInt(random()) << 32n) | BigInt(random())) * (random() % 2 === 0 ? 1n : -1n),
    ) >> BigInt(random() % 64),
  text: (random) => {
    const letters = [...(alphabets[random() % 4] as string)]
    return Array.from({ length: random() % 40 }, () => letters[random() % letters.length]).join('')
  },
}

/** Makes `count` keys from a seed and returns those that PostgreSQL hashes otherwise: none, that is. */
export async function compareHashes(
  client: ClientBase,
  keyType: KeyType,
  count: number,
  seed: number,
): Promise<{ compared: number; different: Key[] }> {
  const random = randomFrom(seed)
  const different: Key[] = []
  for (let done = 0; done < count; done += batchSize) {
    const size = Math.min(batchSize, count - done)
    const keys = Array.from({ length: size }, () => makeKey[keyType](random))
    different.push(...(await hashedOtherwise(client, keyType, keys)))
  }
  return { compared: count, different }
}

/** Which of these keys have another hash in PostgreSQL. */
export async function hashedOtherwise(
  client: ClientBase,
  keyType: KeyType,
  keys: Key[],
): Promise<Key[]> {
  const { rows } = await client.query({
    text: `select ${hashFunctions[keyType]}(key, 0)::text
           from unnest($1::${keyType}[]) with ordinality as keys (key, position) order by position`,
    values: [keys.map(String)],
    rowMode: 'array',
  })
  if (rows.length !== keys.length)
    throw new Error(`${rows.length} of ${keys.length} hashes came back`)
  return keys.filter((key, i) => hashKey(key, keyType).toString() !== rows[i]?.[0])
}
