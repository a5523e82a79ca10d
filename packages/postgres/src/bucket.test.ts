import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyType } from '@banyan/model'
import { bucketOf, bucketSql, buckets, hashKey } from './bucket.ts'
import { type Key, parseKey } from './key.ts'

// From PostgreSQL 18.4: select uuid_hash_extended('…', 0), hashint8extended(…), hashtextextended(…).
const golden: [KeyType, Key, bigint][] = [
  ['uuid', '00000000-0000-0000-0000-000000000000', -6859010066814654381n],
  ['uuid', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 293445543803463785n],
  ['uuid', '018f3c5e-7b1a-7c3d-9f00-0123456789ab', 8741631100932413945n],
  ['bigint', 0n, 4154612158245552303n],
  ['bigint', 1n, -3670598878359251130n],
  ['bigint', -1n, -1888257769727981238n],
  ['bigint', 42n, 8010225493015854792n],
  ['bigint', 4294967296n, -3670598878359251130n],
  ['bigint', -4294967297n, 495194309054116481n],
  ['bigint', 9223372036854775807n, 1977219185673256887n],
  ['bigint', -9223372036854775808n, -9109110466470504941n],
  ['text', '', -6939563903564495251n],
  ['text', 'a', 3591986179850072241n],
  ['text', '42', -2402356501652256834n],
  ['text', 'elevenbytes', 2627500548541092508n],
  ['text', 'twelve bytes', -7123776401673968163n],
  ['text', 'thirteen byte', -1147533121609491268n],
  ['text', 'jürgen@example.com', -5139952631978375204n],
  ['text', '東京', 6986137260219456029n],
  ['text', '🌳🌱', 6941372752483650049n],
]

test('a hash is the one that PostgreSQL computes', () => {
  for (const [keyType, key, hash] of golden) {
    assert.equal(hashKey(key, keyType), hash, `${keyType} ${key}`)
  }
})

test('a bucket is the low twelve bits of the hash, also of a negative one', () => {
  for (const [keyType, key, hash] of golden) {
    assert.equal(bucketOf(key, keyType), Number(hash & BigInt(buckets - 1)))
  }
})

test('the same digits as bigint and as text lie in different buckets', () => {
  assert.notEqual(bucketOf(42n, 'bigint'), bucketOf('42', 'text'))
})

test('every spelling of a uuid lies in one bucket', () => {
  const spellings = [
    '018f3c5e-7b1a-7c3d-9f00-0123456789ab',
    '018F3C5E-7B1A-7C3D-9F00-0123456789AB',
    '{018f3c5e-7b1a-7c3d-9f00-0123456789ab}',
    '018f3c5e7b1a7c3d9f000123456789ab',
  ]
  const found = new Set(spellings.map((uuid) => bucketOf(parseKey(uuid, 'uuid'), 'uuid')))
  assert.equal(found.size, 1)
})

test('keys spread evenly over the buckets', () => {
  const counts = new Array<number>(buckets).fill(0)
  for (let key = 0n; key < 409_600n; key++) bump(counts, bucketOf(key, 'bigint'))
  // A hundred are expected; a deviation of six standard deviations is one in half a billion.
  assert.ok(Math.min(...counts) > 40 && Math.max(...counts) < 160)
})

test('the SQL of a bucket names the function of the key type', () => {
  assert.equal(bucketSql('"id"', 'uuid'), '(pg_catalog.uuid_hash_extended("id", 0) & 4095)')
})

function bump(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1
}
