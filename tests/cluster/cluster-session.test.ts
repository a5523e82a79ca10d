import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Data, ServeHandle } from 'banyan'
import { serve } from 'banyan'
import { openData } from '../../packages/banyan/src/data/data.ts'
import { writeToken } from '../../packages/banyan/src/session/token.ts'
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
    data = openData({ systemFile: () => path })
    handle = await serve(app(data), {
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
    await data?.close()
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

  it('sees its own transactions too', async () => {
    const written = await post(handle, '/c3?transaction')
    const token = written.headers.get('banyan-session') ?? ''
    const read = await get(handle, '/c3', { 'banyan-session': token })
    assert.equal(Number((await read.text()).split(' ')[0]), Number(await written.text()))
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

/** `POST /c1` adds one, `GET /c1` gives the number and who answered. */
const app = (data: Data) => async (request: Request) => {
  const { pathname, search } = new URL(request.url)
  const id = pathname.slice(1)
  const scope = data.of(id, { consistency: 'session' })
  if (request.method === 'GET') {
    const [row] = await scope.read<{ n: number; at: string }>`
      select n, host(inet_server_addr()) || ':' || inet_server_port() as at
      from counters where id = ${id}`
    return new Response(`${row?.n} ${row?.at}`)
  }
  const [row] =
    search === ''
      ? await scope.write<{ n: number }>`update counters set n = n + 1 where id = ${id} returning n`
      : await scope.transaction(
          (tx) => tx.sql<{ n: number }>`update counters set n = n + 1 where id = ${id} returning n`,
        )
  return new Response(String(row?.n))
}

const get = (handle: ServeHandle, path: string, headers: Record<string, string> = {}) =>
  fetch(`${handle.url}${path}`, { headers })

const post = (handle: ServeHandle, path: string) =>
  fetch(`${handle.url}${path}`, { method: 'POST' })
