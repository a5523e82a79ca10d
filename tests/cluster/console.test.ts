import './support/measured.ts'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEntry, DataAnswer, Ladder, LiveMessage, TableSize } from '@banyan/control/api'
import { eventually, freePort, makeApp, type TestApp } from './support/banyan.ts'

/* The console as control serves it, over a system that runs: no browser, only what a page would ask. */

let app: TestApp
let url = ''
let cookie = ''

before(async () => {
  app = await makeApp()
  // One of its own: 4780 is taken by the next system that starts while control is dead.
  const ports = ['--port', String(app.port), '--console-port', String(await freePort())]
  const { code, stdout, stderr } = await app.banyan('up', '--detach', ...ports)
  assert.equal(code, 0, stderr)
  const address = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}/.exec(stdout)?.[0] ?? ''
  assert.ok(address !== '', stdout)
  url = new URL('/', address).href
  const opened = await fetch(address, { redirect: 'manual' })
  assert.equal(opened.status, 303)
  cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
})
after(async () => await app?.remove())

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${url}api/${path}`, { headers: { cookie } })
  assert.equal(response.status, 200, path)
  return (await response.json()) as Answer
}

async function post(path: string, body: object): Promise<{ status: number; body: unknown }> {
  const headers = { cookie, origin: new URL(url).origin, 'content-type': 'application/json' }
  const text = JSON.stringify(body)
  const response = await fetch(`${url}api/${path}`, { method: 'POST', headers, body: text })
  return { status: response.status, body: await response.json() }
}

async function read(sql: string): Promise<DataAnswer> {
  const { status, body } = await post('data/query', { sql })
  assert.equal(status, 200, JSON.stringify(body))
  return body as DataAnswer
}

/** What a page follows, until it has seen what it waits for. */
async function follow(
  until: (messages: readonly LiveMessage[]) => boolean,
  act: () => Promise<void>,
) {
  const leaving = new AbortController()
  const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(20_000)])
  const response = await fetch(`${url}api/live`, { headers: { cookie }, signal })
  const messages: LiveMessage[] = []
  let rest = ''
  let acted = false
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (rest + chunk).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const data = /^data: (.*)$/m.exec(part)?.[1]
      if (data !== undefined) messages.push(JSON.parse(data))
    }
    if (!acted && messages.length > 0) {
      acted = true
      await act()
    }
    if (until(messages)) break
  }
  leaving.abort()
  return messages
}

test('the address of the first screen opens the console once, and is in no log', async () => {
  const status = (await app.json('status')) as { consoleUrl: string }
  assert.equal(status.consoleUrl, url)
  const { url: fresh } = (await app.json('console')) as { url: string }
  assert.match(fresh, /\?token=[\w-]{43}$/)
  assert.equal((await fetch(fresh, { redirect: 'manual' })).status, 303)
  assert.equal((await fetch(fresh, { redirect: 'manual' })).status, 401)
  for (const file of ['control.log', 'audit.log', 'holder.log']) {
    assert.doesNotMatch(await readFile(`${app.state}/${file}`, 'utf8'), /token=/, file)
  }
})

test('a node that is killed on the page is seen to die and to come back, and it is written down', async () => {
  const isOver = (messages: readonly LiveMessage[]) => {
    const killed = messages.findIndex((one) => one.type === 'event' && one.event.type === 'fault')
    return messages
      .slice(killed + 1)
      .some(
        (one) =>
          killed >= 0 &&
          one.type === 'event' &&
          one.event.type === 'node' &&
          one.event.node === 'web-1' &&
          one.event.health === 'healthy',
      )
  }
  const messages = await follow(isOver, async () => {
    assert.equal((await post('kill', { node: 'web-1' })).status, 200)
  })
  const events = messages.flatMap((one) => (one.type === 'event' ? [one.event] : []))
  const fault = events.find((event) => event.type === 'fault')
  assert.ok(fault?.type === 'fault' && fault.node === 'web-1' && fault.fault === 'killed')
  assert.equal(messages[0]?.type, 'hello')
  const [entry] = await get<AuditEntry[]>('audit')
  assert.deepEqual([entry?.action, entry?.target, entry?.outcome], ['kill', 'web-1', 'done'])
  assert.notEqual(entry?.who, 'cli')
  await app.banyan('kill', 'web-9')
  const [last] = await get<AuditEntry[]>('audit')
  assert.deepEqual(
    [last?.who, last?.action, last?.target, last?.outcome, last?.code],
    ['cli', 'kill', 'web-9', 'refused', 'BANYAN_NODE_UNKNOWN'],
  )
})

test('the ladder says what holds, what could, and what each rung answers; a plan does nothing', async () => {
  const { rungs } = await get<Ladder>('ladder')
  assert.equal(rungs.length, 12)
  assert.equal(rungs.find(({ name }) => name === 'single')?.state, 'held')
  assert.equal(rungs.find(({ name }) => name === 'balanced')?.state, 'open')
  assert.equal(rungs.find(({ name }) => name === 'sharded')?.state, 'later')
  for (const { name, answers, adds } of rungs) assert.ok(answers !== '' && adds !== '', name)
  const { status, body } = await post('plan', { direction: 'grow', rungs: ['balanced'] })
  assert.equal(status, 200)
  const { from, to, steps } = body as { from: string[]; to: string[]; steps: { kind: string }[] }
  assert.deepEqual([from, to], [['single'], ['single', 'balanced']])
  assert.ok(steps.some(({ kind }) => kind === 'start-node'))
  assert.equal((await post('plan', { direction: 'grow', rungs: ['nonsense'] })).status, 400)
})

test('the page shows tables with their sizes, and reads', async () => {
  await fetch(app.url, { method: 'POST' })
  const tables = await get<TableSize[]>('data/tables')
  assert.deepEqual(
    tables.map(({ schema, name }) => [schema, name]),
    [['public', 'notes']],
  )
  assert.ok((tables[0]?.bytes ?? 0) > 0)
  // Nobody has analysed it, and the counters of statistics come late.
  assert.equal(tables[0]?.rows, 1)
  const { columns, rows, cut, answeredBy } = await read('select id, null as nothing from notes;')
  assert.deepEqual(
    [columns, rows, cut, answeredBy],
    [['id', 'nothing'], [['1', null]], false, 'db-1'],
  )
  assert.equal((await read('show transaction_read_only')).rows[0]?.[0], 'on')
  assert.ok((await read('explain select * from notes')).rows.length > 0)
})

test('an answer is cut at 500 rows and at a megabyte, whatever the server has', async () => {
  const many = await read('select generate_series(1, 100000000)')
  assert.deepEqual([many.rows.length, many.cut, many.rows[499]?.[0]], [500, true, '500'])
  const exact = await read('select * from generate_series(1, 500)')
  assert.deepEqual([exact.rows.length, exact.cut], [500, false])
  const wide = await read("select repeat('x', 100000) from generate_series(1, 1000)")
  assert.ok(wide.cut && wide.rows.length > 0 && wide.rows.length <= 10)
  const { status, body } = await post('data/query', { sql: "select repeat('x', 20000000)" })
  assert.equal(status, 400)
  assert.match(JSON.stringify(body), /larger than 1 MiB/)
})

test('nothing that changes something is run', async () => {
  const refused = async (sql: string) => {
    const { status, body } = await post('data/query', { sql })
    assert.equal(status, 400, `${sql}: ${JSON.stringify(body)}`)
    return (body as { error: { message: string; details: { sqlstate: string; position: number } } })
      .error
  }
  // By the transaction, where the statement would answer with rows.
  for (const sql of [
    "insert into notes (body) values ('x') returning id",
    'with gone as (delete from notes returning *) select * from gone',
    "select nextval('notes_id_seq')",
    "select setval('notes_id_seq', 999)",
    'explain analyze delete from notes',
    'select * from notes for update',
  ]) {
    assert.equal((await refused(sql)).details.sqlstate, '25006', sql)
  }
  assert.match(
    (await refused("select set_config('transaction_read_only', 'off', false)")).message,
    /read/,
  )
  // Before it is run, where it would answer with none.
  for (const sql of [
    'delete from notes',
    'set transaction read write',
    "set statement_timeout = '0'",
    'copy notes to stdout',
    "copy (select 1) to program 'true'",
    'begin',
    'commit',
    'drop table notes',
    'do $$ begin perform pg_sleep(60); end $$',
    '',
    '-- nothing',
  ]) {
    assert.match((await refused(sql)).message, /answers with no rows/, sql)
  }
  assert.match(
    (await refused('select pg_terminate_backend(pid) from pg_stat_activity')).message,
    /would end/,
  )
  assert.match((await refused('select 1; delete from notes')).message, /multiple commands/)
  assert.match((await refused('commit; delete from notes')).message, /multiple commands/)
  const wrong = await refused('select body, nonsense from notes')
  assert.deepEqual([wrong.details.sqlstate, wrong.details.position], ['42703', 14])
  assert.equal((await read('select count(*) from notes')).rows[0]?.[0], '1')
})

test('a statement that never ends is ended, also one that takes its limit away, and two at once are the most', async () => {
  const timed = async (sql: string) => {
    const began = performance.now()
    const { status, body } = await post('data/query', { sql })
    return { status, text: JSON.stringify(body), ms: performance.now() - began }
  }
  const asking = [
    timed('select pg_sleep(60)'),
    timed("select set_config('statement_timeout', '0', false), pg_sleep(60)"),
  ]
  await sleep(500)
  const third = await timed('select 1')
  assert.equal(third.status, 503)
  for (const { status, text, ms } of await Promise.all(asking)) {
    assert.equal(status, 400, text)
    assert.match(text, /took longer than 5 s/)
    assert.ok(ms > 4_500 && ms < 12_000, `${ms} ms`)
  }
  await eventually(async () => {
    const { rows } = await read(
      "select count(*) from pg_stat_activity where application_name = 'banyan console' and pid <> pg_backend_pid()",
    )
    assert.equal(rows[0]?.[0], '0')
  })
})

test('a control that dies is followed by one at the same port, with the same cookies', async () => {
  const { pid } = JSON.parse(await readFile(`${app.state}/control.json`, 'utf8'))
  process.kill(pid, 'SIGKILL')
  await eventually(async () => {
    const response = await fetch(`${url}api/audit`, { headers: { cookie } })
    assert.equal(response.status, 200)
    const entries = (await response.json()) as AuditEntry[]
    assert.ok(entries.some(({ action, target }) => action === 'kill' && target === 'web-1'))
  })
  await eventually(async () => {
    const { nodes } = (await app.json('status')) as { nodes: { health: string }[] }
    assert.ok(nodes.every(({ health }) => health === 'healthy'))
  })
})

test('a node that is cut off is said to be, and is reached again once it is healed', async (t) => {
  const { status, body } = await post('partition', { node: 'web-1' })
  if (status === 400 && JSON.stringify(body).includes('BANYAN_PARTITION_UNAVAILABLE')) {
    return t.skip('needs root and nftables')
  }
  assert.equal(status, 200, JSON.stringify(body))
  const found = async () => {
    const { nodes } = (await app.json('status')) as {
      nodes: { name: string; health: string; sentence: string }[]
    }
    return nodes.find(({ name }) => name === 'web-1')
  }
  const cut = await found()
  assert.equal(cut?.health, 'failed')
  assert.match(cut?.sentence ?? '', /cut off on purpose, and "banyan heal web-1" mends that/)
  const silent = fetch(app.url, { signal: AbortSignal.timeout(500) })
  assert.notEqual(
    await silent.then(
      ({ status: code }) => code,
      () => 0,
    ),
    200,
  )
  const two = await app.banyan('partition', 'web-1', 'db-1')
  assert.equal(two.code, 1)
  assert.match(two.stderr, /cannot be told which of its connections are of db-1/)
  assert.equal((await app.banyan('heal', 'web-1')).code, 0)
  await eventually(async () => {
    assert.equal((await fetch(app.url, { signal: AbortSignal.timeout(2_000) })).status, 200)
    assert.equal((await found())?.health, 'healthy')
  })
})

test('where nobody wants one there is no console, and the system is up without', async () => {
  assert.equal((await app.banyan('down')).code, 0)
  const words = ['up', '--detach', '--port', String(app.port), '--console-port', 'off']
  const { code, stdout, stderr } = await app.banyan(...words)
  assert.equal(code, 0, stderr)
  assert.doesNotMatch(stdout, /token=/)
  assert.equal(((await app.json('status')) as { consoleUrl: unknown }).consoleUrl, null)
  const asked = await app.banyan('console')
  assert.equal(asked.code, 1)
  assert.match(asked.stderr, /BANYAN_CONSOLE_OFF/)
  await assert.rejects(fetch(url))
})
