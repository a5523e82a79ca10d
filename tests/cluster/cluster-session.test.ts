import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Data, ServeHandle } from 'banyan'
import { serve } from 'banyan'
import { Pool } from 'banyan/pg'
import { openData } from '../../packages/banyan/src/data/data.ts'
import { readToken, writeToken } from '../../packages/banyan/src/session/token.ts'
import { readByPool, writes } from './support/counter-writes.ts'
import { startMembers, type TestMembers } from './support/members.ts'
import { makeCounters } from './support/reading.ts'

/*
 * Clients that carry a session see what they wrote, and others may see it later: on a cluster whose replicas
 * show everything two seconds late.
 */

const sessionSecret = 'a secret of the system'

describe('a session', { timeout: 300_000 }, () => {
  let cluster: TestMembers
  let directory: string
  let data: Data
  /** What another process of the app has: it knows nothing of what this one wrote. */
  let elsewhere: Data
  let pool: InstanceType<typeof Pool>
  let handle: ServeHandle

  before(async () => {
    const replicaSettings = { recovery_min_apply_delay: '2s' }
    cluster = await startMembers({ replicas: 2, replicaSettings })
    await makeCounters(cluster)
    directory = await mkdtemp(join(tmpdir(), 'banyan-session-'))
    const path = join(directory, 'system.json')
    const file = { ...cluster.runtimeFile(undefined, { connectionsMax: 20 }), sessionSecret }
    await writeFile(path, JSON.stringify(file), { mode: 0o600 })
    process.env.BANYAN_SYSTEM = path
    const other = join(directory, 'other.json')
    await writeFile(other, JSON.stringify(file), { mode: 0o600 })
    data = openData({ systemFile: () => path })
    elsewhere = openData({ systemFile: () => other })
    pool = new Pool({ max: 3 })
    handle = await serve(app(data, elsewhere, pool), {
      port: 0,
      session: true,
      ownProcess: false,
      requestLogs: false,
    })
    await get(handle, '/c1')
    await sleep(700)
  })
  after(async () => {
    await handle?.stop()
    await pool?.end()
    await Promise.all([data?.close(), elsewhere?.close()])
    await cluster?.stop()
    if (directory !== undefined) await rm(directory, { recursive: true })
  })

  it('is given to whoever writes, and to nobody else', async () => {
    const read = await get(handle, '/c1')
    assert.equal(read.headers.get('banyan-session'), null)
    const written = await post(handle, '/c1')
    const token = written.headers.get('banyan-session') ?? ''
    assert.match(token, /^shard-1:1:[0-9A-F]+\.[\w-]{22}$/)
    const [cookie = ''] = written.headers.getSetCookie()
    assert.ok(cookie.startsWith(`banyan-session-web-1=${token}; Path=/;`), cookie)
  })

  it('sees its own writes although no replica shows them yet', async () => {
    for (let times = 0; times < 30; times += 1) {
      const written = await post(handle, '/c2')
      const n = Number(await written.text())
      const [cookie = ''] = (written.headers.getSetCookie()[0] ?? '').split(';')
      const read = await get(handle, '/c2', { cookie })
      assert.equal(Number((await read.text()).split(' ')[0]), n)
    }
  })

  for (const way of Object.keys(writes)) {
    it(`sees what was written by ${way}`, async () => {
      for (let times = 0; times < 3; times += 1) {
        const before = BigInt(String(await cluster.value('db-1', walSql)))
        const written = await post(handle, `/c3?${encodeURIComponent(way)}`)
        assert.equal(written.status, 200)
        const n = Number(await written.text())
        const token = written.headers.get('banyan-session') ?? ''
        const lsn = readToken(token, sessionSecret)?.get('shard-1')?.lsn ?? 0n
        assert.ok(lsn > before && lsn < 2n ** 64n - 1n, `${lsn} is no position behind ${before}`)
        const read = await get(handle, '/c3', { 'banyan-session': token })
        assert.equal(Number((await read.text()).split(' ')[0]), n)
      }
    })
  }

  it('is not given to whoever only reads by the pool', async () => {
    for (const way of ['', '?client', '?kysely']) {
      const read = await get(handle, `/reads/c3${way}`)
      assert.equal(read.status, 200)
      assert.equal(read.headers.get('banyan-session'), null)
    }
  })

  it('is kept apart when callers wait for one connection', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        at % 2 === 0
          ? post(handle, `/c6?${at % 4 === 0 ? 'callbacks' : 'a%20client'}`)
          : get(handle, '/reads/c6?client'),
      ),
    )
    for (const [at, { headers, status }] of answers.entries()) {
      assert.equal(status, 200)
      assert.equal(headers.has('banyan-session'), at % 2 === 0)
    }
  })

  it('is answered by a replica once that has replayed it', async () => {
    const written = await post(handle, '/c4')
    const token = written.headers.get('banyan-session') ?? ''
    const at = async (): Promise<string | undefined> =>
      (await (await get(handle, '/c4', { 'banyan-session': token })).text()).split(' ')[1]
    const primary = `${cluster.member('db-1').host}:${cluster.member('db-1').port}`
    assert.equal(await at(), primary)
    await sleep(3_000)
    const later = [await at(), await at(), await at()]
    assert.ok(!later.includes(primary), `${later} of ${primary}`)
  })

  it('that was signed with another secret is answered as strongly as can be', async () => {
    const written = await post(handle, '/c5')
    const forged = writeToken(new Map([['shard-1', { term: 1, lsn: 1n }]]), 'guessed')
    const read = await get(handle, '/c5', { 'banyan-session': forged })
    assert.equal(Number((await read.text()).split(' ')[0]), Number(await written.text()))
  })
})

const walSql = `select (pg_current_wal_insert_lsn() - '0/0')::text`

/** `POST /c1?way` adds one, `GET /c1` gives the number and who answered, as another process sees it. */
const app =
  (data: Data, elsewhere: Data, pool: InstanceType<typeof Pool>) => async (request: Request) => {
    const { pathname, search } = new URL(request.url)
    const way = decodeURIComponent(search.slice(1))
    if (pathname.startsWith('/reads/')) {
      const id = pathname.slice('/reads/'.length)
      return new Response(String(await readByPool(id, way, pool)))
    }
    const id = pathname.slice(1)
    if (request.method === 'GET') {
      const scope = elsewhere.of(id, { consistency: 'session' })
      const [row] = await scope.read<{ n: number; at: string }>`
        select n, host(inet_server_addr()) || ':' || inet_server_port() as at
        from counters where id = ${id}`
      return new Response(`${row?.n} ${row?.at}`)
    }
    const write = writes[way === '' ? 'a statement of `data`' : way]
    if (write === undefined) return new Response(`no way is called ${way}`, { status: 404 })
    return new Response(String(await write(id, data, pool)))
  }

const get = (handle: ServeHandle, path: string, headers: Record<string, string> = {}) =>
  fetch(`${handle.url}${path}`, { headers })

const post = (handle: ServeHandle, path: string) =>
  fetch(`${handle.url}${path}`, { method: 'POST' })
