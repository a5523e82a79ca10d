import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { RuntimeFile } from '@banyan/model'
import { proofSql } from '@banyan/postgres'
import { startPostgres, type TestPostgres, writeRuntimeFile } from '@banyan/testing'
import { type ServeHandle, serve } from 'banyan'
import pg from 'pg'
import { runStopHooks } from '../../packages/banyan/src/lifecycle.ts'

const token = 'a-token-that-nobody-guesses'

describe('/-/prove', () => {
  let postgres: TestPostgres
  let owner: pg.Client
  let database: string
  let server: ServeHandle
  let system: { path: string; remove(): Promise<void> }

  before(async () => {
    process.env.LOG_LEVEL = 'silent'
    process.env.PORT = '0'
    postgres = await startPostgres()
    const { ownerUrl, appUrl } = await postgres.createDatabase()
    database = new URL(ownerUrl).pathname
    owner = new pg.Client({ connectionString: ownerUrl })
    owner.on('error', () => {})
    await owner.connect()
    await owner.query(proofSql)
    system = await writeRuntimeFile({ url: appUrl, keyType: null })
    const file = JSON.parse(await readFile(system.path, 'utf8')) as RuntimeFile
    await writeFile(system.path, JSON.stringify({ ...file, proveToken: token }))
    process.env.BANYAN_SYSTEM = system.path
    server = await serve((_request, response) => response.end('the app'), { ownProcess: false })
  })
  after(async () => {
    await server?.stop()
    await runStopHooks()
    await owner?.end().catch(() => {})
    await postgres?.stop()
    await system?.remove()
    delete process.env.BANYAN_SYSTEM
  })

  async function connectAdmin(): Promise<pg.Client> {
    const url = new URL(postgres.adminUrl)
    url.pathname = database
    const admin = new pg.Client({ connectionString: url.href })
    admin.on('error', () => {})
    await admin.connect()
    return admin
  }
  const send = (init: RequestInit, path = '/-/prove') => fetch(`${server.url}${path}`, init)
  const withToken = (more: RequestInit = {}) =>
    send({ ...more, headers: { authorization: `Bearer ${token}` } })
  async function ask(body: object): Promise<Record<string, unknown>> {
    const response = await withToken({ method: 'POST', body: JSON.stringify(body) })
    return { status: response.status, ...((await response.json()) as object) }
  }

  it('says what it speaks, to whoever has the token', async () => {
    const response = await withToken()
    assert.equal(response.status, 200)
    assert.deepEqual(await response.json(), {
      protocol: 1,
      isolation: ['read committed', 'repeatable read', 'serializable'],
    })
  })

  it('is to everybody else the same 404 as a path that does not exist', async () => {
    const missing = await send({}, '/-/nothing')
    const told = { status: missing.status, body: await missing.text() }
    assert.equal(told.status, 404)
    const wrong = [
      {},
      { authorization: `Bearer ${token}x` },
      { authorization: `Bearer ${token.slice(1)}` },
      { authorization: 'Bearer' },
      { authorization: 'Bearer ' },
      { authorization: token },
      { authorization: `Basic ${token}` },
    ]
    for (const headers of wrong as Record<string, string>[]) {
      for (const method of ['GET', 'POST']) {
        const body = method === 'POST' ? '{"kind":"read","key":"a"}' : null
        const response = await send({ method, headers, body })
        assert.deepEqual({ status: response.status, body: await response.text() }, told)
      }
    }
    for (const path of ['/-/proved', '/-/prove/', '/-/prov']) {
      const response = await send({ headers: { authorization: `Bearer ${token}` } }, path)
      assert.equal(response.status, 404, path)
    }
  })

  it('is not offered by a process that was given no token', async () => {
    const plain = await writeRuntimeFile({ url: 'postgres://a:b@127.0.0.1:1/c' })
    process.env.BANYAN_SYSTEM = plain.path
    const other = await serve((_request, response) => response.end(), { ownProcess: false })
    process.env.BANYAN_SYSTEM = system.path
    for (const given of [token, '', 'undefined']) {
      const response = await fetch(`${other.url}/-/prove`, {
        headers: { authorization: `Bearer ${given}` },
      })
      assert.equal(response.status, 404)
    }
    await other.stop()
    await plain.remove()
  })

  it('keeps a register: the last value written is the one read', async () => {
    assert.deepEqual(await ask({ kind: 'read', key: 't:r' }), { status: 200, value: null })
    assert.deepEqual(await ask({ kind: 'write', key: 't:r', value: 1 }), { status: 200 })
    await ask({ kind: 'write', key: 't:r', value: Number.MAX_SAFE_INTEGER })
    const { value } = await ask({ kind: 'read', key: 't:r' })
    assert.equal(value, Number.MAX_SAFE_INTEGER)
  })

  it('keeps a set in which an element that was added twice is there twice', async () => {
    for (const value of [3, 1, 3]) await ask({ kind: 'add', key: 't:s', value })
    assert.deepEqual((await ask({ kind: 'elements', key: 't:s' })).elements, [1, 3, 3])
  })

  it('runs a transaction over lists, and gives what each operation read', async () => {
    for (const isolation of ['read committed', 'repeatable read', 'serializable']) {
      const key = `t:l:${isolation[0]}${isolation[2]}`
      const { results } = await ask({
        kind: 'transaction',
        isolation,
        operations: [{ read: key }, { append: [key, 1] }, { append: [key, 2] }, { read: key }],
      })
      assert.deepEqual(results, [[], null, null, [1, 2]])
    }
  })

  it('commits every one of many transactions that append to the same list at once', async () => {
    const values = Array.from({ length: 20 }, (_, index) => index + 1)
    const answers = await Promise.all(
      values.map((value) =>
        ask({
          kind: 'transaction',
          isolation: 'serializable',
          operations: [{ append: ['t:busy', value] }],
        }),
      ),
    )
    const { results } = await ask({
      kind: 'transaction',
      isolation: 'serializable',
      operations: [{ read: 't:busy' }],
    })
    const done = values.filter((_, index) => answers[index]?.status === 200)
    assert.deepEqual(
      [...((results as number[][])[0] ?? [])].sort((a, b) => a - b),
      done,
    )
    const others = answers.filter(({ status }) => status !== 200)
    for (const answer of others) assert.deepEqual([answer.status, answer.outcome], [409, 'failed'])
  })

  it('moves money or says that there is too little, and never makes any', async () => {
    const keys = ['t:a', 't:b', 't:c']
    await ask({ kind: 'open', keys, balance: 10 })
    await ask({ kind: 'transfer', from: 't:a', to: 't:b', amount: 1 })
    await ask({ kind: 'open', keys, balance: 10 })
    const refused = await ask({ kind: 'transfer', from: 't:a', to: 't:b', amount: 10 })
    assert.deepEqual(refused, { status: 200, done: false })
    const moves = Array.from({ length: 30 }, (_, index) =>
      ask({
        kind: 'transfer',
        from: keys[index % 3],
        to: keys[(index + 1 + (index % 2)) % 3],
        amount: 2,
      }),
    )
    const looks = Array.from({ length: 10 }, () => ask({ kind: 'balances', keys }))
    for (const { balances } of await Promise.all(looks)) {
      const sum = (balances as number[]).reduce((total, one) => total + one, 0)
      assert.equal(sum, 30)
    }
    for (const { status } of await Promise.all(moves)) assert.equal(status, 200)
    const { balances } = await ask({ kind: 'balances', keys: [...keys, 't:nobody'] })
    assert.equal((balances as (number | null)[]).at(-1), null)
    assert.ok((balances as (number | null)[]).every((one) => one === null || one >= 0))
  })

  it('refuses what is not of the protocol, before anything is done, and says what it is', async () => {
    const bad: [object | string, RegExp][] = [
      ['nonsense', /not a JSON object/],
      ['[]', /not a JSON object/],
      [{}, /kind is nothing/],
      [{ kind: 'constructor' }, /kind is "constructor"; known are transaction, write/],
      [{ kind: 'write', key: '', value: 1 }, /A key is/],
      [{ kind: 'write', key: "a'; drop table x; --", value: 1 }, /A key is/],
      [{ kind: 'write', key: 'a'.repeat(201), value: 1 }, /A key is/],
      [{ kind: 'write', key: 'a\u0000', value: 1 }, /A key is/],
      [{ kind: 'write', key: 'a', value: 1.5 }, /whole number/],
      [{ kind: 'write', key: 'a', value: '1' }, /whole number/],
      [{ kind: 'transaction', isolation: 'chaos', operations: [{ read: 'a' }] }, /isolation/],
      [{ kind: 'transaction', isolation: 'serializable', operations: [] }, /list of 1 to 64/],
      [{ kind: 'transaction', isolation: 'serializable', operations: [{ drop: 1 }] }, /operation/],
      [{ kind: 'transfer', from: 'a', to: 'a', amount: 1 }, /two different/],
      [{ kind: 'transfer', from: 'a', to: 'b', amount: -1 }, /from 1 on/],
      [{ kind: 'transfer', from: 't:no', to: 't:not', amount: 1 }, /no account t:no, t:not/],
      [{ kind: 'clear', prefix: '' }, /prefix/],
      [{ kind: 'clear', prefix: '%%%' }, /prefix/],
    ]
    for (const [body, pattern] of bad) {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const response = await withToken({ method: 'POST', body: text })
      const { error, outcome } = (await response.json()) as {
        error: Record<string, string>
        outcome: string
      }
      assert.equal(response.status, 400, text)
      assert.deepEqual([error.code, outcome], ['BANYAN_PROVE_REQUEST_INVALID', 'failed'], text)
      assert.match(error.message ?? '', pattern)
    }
    assert.equal((await withToken({ method: 'DELETE' })).status, 405)
  })

  it('bounds the body, of known and of unknown length', async () => {
    const large = `{"kind":"read","key":"${'a'.repeat(300_000)}"}`
    const stream = () => new Blob([large]).stream()
    for (const body of [large, stream()]) {
      const response = await withToken({ method: 'POST', body, duplex: 'half' } as RequestInit)
      assert.equal(response.status, 413)
      const { error } = (await response.json()) as { error: { code: string } }
      assert.equal(error.code, 'BANYAN_BODY_TOO_LARGE')
    }
  })

  it('deletes the keys of one run and no others', async () => {
    await ask({ kind: 'write', key: 'run1:a', value: 1 })
    await ask({ kind: 'write', key: 'run10:a', value: 1 })
    await ask({ kind: 'add', key: 'run1:s', value: 1 })
    await ask({ kind: 'open', keys: ['run1:x'], balance: 1 })
    await ask({
      kind: 'transaction',
      isolation: 'serializable',
      operations: [{ append: ['run1:l', 1] }],
    })
    assert.deepEqual(await ask({ kind: 'clear', prefix: 'run1:' }), { status: 200 })
    const { rows } = await owner.query(`
      select key from banyan_proof.registers where key like 'run1%' union all
      select key from banyan_proof.elements where key like 'run1%' union all
      select key from banyan_proof.lists where key like 'run1%' union all
      select key from banyan_proof.accounts where key like 'run1%'`)
    assert.deepEqual(rows, [{ key: 'run10:a' }])
  })

  it('says of a write whose answer the database never gave that nobody knows', async () => {
    await ask({ kind: 'write', key: 't:u', value: 1 })
    const admin = await connectAdmin()
    await admin.query('begin')
    await admin.query("select 1 from banyan_proof.registers where key = 't:u' for update")
    const writing = ask({ kind: 'write', key: 't:u', value: 2 })
    const pid = await waitingBackend(admin)
    postgres.kill('SIGQUIT')
    const { status, outcome, error } = await writing
    await postgres.restart()
    assert.ok(pid > 0)
    assert.deepEqual([status, outcome], [503, 'unknown'])
    assert.equal((error as { code: string }).code, 'BANYAN_OUTCOME_UNKNOWN')
    assert.equal((await ask({ kind: 'read', key: 't:u' })).value, 1)
  })

  it('says that nothing was done where the tables are missing', async () => {
    const admin = await connectAdmin()
    await admin.query('drop schema banyan_proof cascade')
    await admin.end()
    const { status, outcome, error } = await ask({ kind: 'write', key: 't:m', value: 1 })
    assert.deepEqual([status, outcome], [503, 'failed'])
    assert.match((error as { hint: string }).hint, /banyan up --prove/)
  })
})

async function waitingBackend(admin: pg.Client): Promise<number> {
  for (;;) {
    // Inside of a transaction the first look would be repeated for ever.
    await admin.query('select pg_stat_clear_snapshot()')
    const { rows } = await admin.query(
      "select pid from pg_stat_activity where wait_event_type = 'Lock' limit 1",
    )
    if (rows.length > 0) return rows[0].pid
  }
}
