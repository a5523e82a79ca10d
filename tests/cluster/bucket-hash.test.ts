import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import { Client } from 'pg'
import { compareHashes, edgeKeys, hashedOtherwise } from './hash-keys.ts'

const count = Number(process.env.BANYAN_HASH_KEYS ?? 20_000)
const seed = Number(process.env.BANYAN_SEED ?? Date.now() % 2 ** 32)

let postgres: TestPostgres
let client: Client

before(async () => {
  postgres = await startPostgres()
  client = new Client({ connectionString: postgres.adminUrl })
  await client.connect()
})

after(async () => {
  await client?.end()
  await postgres?.stop()
})

for (const keyType of ['uuid', 'bigint', 'text'] as const) {
  test(`${count} random ${keyType} keys hash as in PostgreSQL (seed ${seed})`, async () => {
    const { compared, different } = await compareHashes(client, keyType, count, seed)
    assert.equal(compared, count)
    assert.deepEqual(different.slice(0, 5), [])
  })

  test(`${keyType} keys at the edges hash as in PostgreSQL`, async () => {
    assert.deepEqual(await hashedOtherwise(client, keyType, edgeKeys[keyType]), [])
  })
}
