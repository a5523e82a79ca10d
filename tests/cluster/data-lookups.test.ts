import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KeyType, Table } from '@banyan/model'
import { syncTables } from '@banyan/postgres'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import { BanyanError, type Data, type ErrorCode } from 'banyan'
import pg from 'pg'
import { openData } from '../../packages/banyan/src/data/data.ts'

const tables: Table[] = [
  {
    kind: 'sharded',
    name: 'users',
    by: 'id',
    unique: [['email'], ['country', 'tax_number']],
  },
]

const code = (expected: ErrorCode, hint?: RegExp) => (error: unknown) => {
  assert.ok(BanyanError.is(error), `expected ${expected}, got ${error}`)
  assert.equal(error.code, expected)
  if (hint !== undefined) assert.match(error.hint ?? '', hint)
  return true
}

const samples: Record<KeyType, string> = {
  uuid: '0192f0c1-0000-7000-8000-00000000000a',
  bigint: '9007199254740993',
  text: 'ann',
}

for (const keyType of ['uuid', 'bigint', 'text'] as const) {
  describe(`data.by in a key space of ${keyType}`, () => {
    const key = samples[keyType]
    let postgres: TestPostgres
    let data: Data
    let system: { path: string; remove(): Promise<void> }

    before(async () => {
      postgres = await startPostgres()
      const { ownerUrl, appUrl } = await postgres.createDatabase()
      const owner = new pg.Client({ connectionString: ownerUrl })
      await owner.connect()
      await owner.query('begin')
      await owner.query(`create table users (id ${keyType} primary key, email text, country text,
        tax_number int)`)
      const synced = await syncTables(owner, tables)
      await owner.query('commit')
      await owner.end()
      assert.equal(synced.keyType, keyType)
      system = await writeRuntimeFile({ url: appUrl, tables, keyType })
      data = openData({ systemFile: () => system.path })
      await data.of(key).write`insert into users values (${key}, 'a@b.c', 'nl', 7)`
    })
    after(async () => {
      await data.close()
      await postgres.stop()
      await system.remove()
    })

    it('gives a scope bound to the owner, which reads and writes', async () => {
      const user = await data.by('users.email', 'a@b.c')
      assert.equal(user?.key, key)
      assert.ok(user !== null)
      await user.write`update users set email = 'new@b.c' where id = ${user.key}`
      assert.equal(await data.by('users.email', 'a@b.c'), null)
      assert.equal((await data.by('users.email', 'new@b.c'))?.key, key)
      await user.write`update users set email = 'a@b.c' where id = ${user.key}`
    })

    it('gives null when nobody has the value', async () => {
      assert.equal(await data.by('users.email', 'nobody'), null)
      assert.equal(await data.by('users.email', `' or true --`), null)
    })

    it('takes several columns as an object or as a list', async () => {
      const name = 'users.country,tax_number'
      assert.equal((await data.by(name, { tax_number: 7, country: 'nl' }))?.key, key)
      assert.equal((await data.by(name, ['nl', 7]))?.key, key)
      assert.equal(await data.by(name, ['de', 7]), null)
      assert.equal((await data.by('users.email', { email: 'a@b.c' }))?.key, key)
    })

    it('refuses a missing value, a missing column, a column too many', async () => {
      const name = 'users.country,tax_number'
      for (const value of [null, undefined, {}, ['nl'], { country: 'nl' }, 'nl']) {
        await assert.rejects(data.by(name, value), code('BANYAN_LOOKUP_INVALID', /tax_number/))
      }
      await assert.rejects(
        data.by(name, { country: 'nl', tax_number: 7, city: 'x' }),
        code('BANYAN_LOOKUP_INVALID'),
      )
      for (const value of [null, undefined]) {
        await assert.rejects(data.by('users.email', value), code('BANYAN_LOOKUP_INVALID', /email/))
      }
    })

    it('names the known lookups when asked for an unknown one', async () => {
      await assert.rejects(
        data.by('users.mail', 'a@b.c'),
        code('BANYAN_LOOKUP_UNKNOWN', /users\.email, users\.country,tax_number/),
      )
    })

    it('keeps its promise on taken values: 23505 with the name that an index would have', async () => {
      const other = { uuid: samples.uuid.replace(/a$/, 'b'), bigint: '2', text: 'bob' }[keyType]
      await assert.rejects(
        data.of(other).write`insert into users values (${other}, 'a@b.c', 'de', 1)`,
        (error) =>
          error instanceof pg.DatabaseError &&
          error.code === '23505' &&
          error.constraint === 'users_email_key',
      )
    })
  })
}
