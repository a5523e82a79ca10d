import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { adoptedFiles, type ForeignServer, fingerprintOf, startForeign } from './support/adopted.ts'
import { makeApp } from './support/banyan.ts'

let foreign: ForeignServer
before(async () => {
  foreign = await startForeign()
})
after(() => foreign.postgres.stop())

const get = async (url: string): Promise<unknown> => await (await fetch(url)).json()

test('an adopted database is planned with, served from, asked, watched and let go of, and nothing is ever written to it', async () => {
  const app = await makeApp(adoptedFiles(foreign.url))
  const place = `${foreign.postgres.host}:${foreign.postgres.port}`
  try {
    const first = await fingerprintOf(foreign)
    const { steps } = (await app.json('plan')) as { steps: { kind: string }[] }
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      [
        'adopt-data-node',
        'start-node',
        'inspect-data',
        'create-node',
        'start-node',
        'record-release',
        'record-rungs',
      ],
    )
    const up = await app.banyan('up', '--detach', '--port', String(app.port))
    assert.equal(up.code, 0, up.stderr)
    assert.ok(
      up.stdout.includes(`Adopt the database server at ${place} as db-1; it stays as it is.`),
    )
    const { nodes } = (await app.json('status')) as { nodes: Record<string, unknown>[] }
    const { uptimeMs, ...node } = nodes.find(({ tier }) => tier === 'data') ?? {}
    assert.ok(Number(uptimeMs) >= 0)
    assert.deepEqual(node, {
      name: 'db-1',
      tier: 'data',
      engine: 'postgres',
      host: 'adopted-1',
      region: 'unknown',
      role: 'primary',
      address: place,
      pid: null,
      health: 'healthy',
      shard: 'shard-1',
      sentence: `db-1 (${place}/shop) is healthy.`,
    })
    assert.deepEqual(await get(`${app.url}/orders`), [{ n: 10 }])
    assert.deepEqual(await get(`${app.url}/by-email`), { key: '7', rows: [{ name: 'U7' }] })
    assert.equal(await get(`${app.url}/nobody`), null)
    assert.equal(await get(`${app.url}/everywhere`), 20)
    assert.equal(((await get(`${app.url}/write-in-read`)) as { code: string }).code, '25006')
    assert.equal(await get(`${app.url}/url`), foreign.url)

    const sql = await app.banyan('sql', 'select current_user, count(*)::int as users from users')
    assert.match(sql.stdout, /ann\s*\W+\s*20/)
    const asOwner = await app.banyan('sql', '--as-owner', 'select 1')
    assert.equal(asOwner.code, 2, asOwner.stdout)
    assert.match(asOwner.stderr, /is adopted: Banyan has no roles in it/)
    for (const word of ['kill', 'pause', 'resume']) {
      const { error } = (await app.json(word, 'primary')) as { error: { code: string } }
      assert.equal(error.code, 'BANYAN_ADOPTED_UNTOUCHED', word)
    }

    const script = 'if (!process.env.DATABASE_URL) process.exit(3)'
    const commands = [
      ['doctor'],
      ['prove', '--seconds', '1', '--rate', '20'],
      ['exec', '--wide', '--', 'node', '-e', script],
    ]
    for (const words of commands) {
      const { code, stdout, stderr } = await app.banyan(...words)
      assert.equal(code, 0, `${words.join(' ')}: ${stdout}${stderr}`)
    }
    const down = await app.banyan('down')
    assert.equal(down.code, 0, down.stderr)
    const { nodes: stopped } = (await app.json('status')) as { nodes: Record<string, unknown>[] }
    assert.equal(stopped.find(({ tier }) => tier === 'data')?.health, 'healthy')
    const destroyed = await app.banyan('down', '--destroy', '--yes')
    assert.ok(!destroyed.stdout.includes('The data is deleted'), destroyed.stdout)
    assert.match(destroyed.stdout, new RegExp(`The adopted database ${place}/shop stays as it is`))
    assert.deepEqual(await fingerprintOf(foreign), first)
  } finally {
    await app.remove()
  }
})

test('the fingerprint notices a single write, even one that was taken back', async () => {
  const first = await fingerprintOf(foreign)
  await foreign.admin("begin; insert into plans values ('tried', 1); rollback")
  const second = await fingerprintOf(foreign)
  assert.notDeepEqual(second, first)
  await foreign.admin("insert into plans values ('kept', 1)")
  const third = await fingerprintOf(foreign)
  assert.notEqual(third['rows of public.plans'], second['rows of public.plans'])
  await foreign.admin("delete from plans where code = 'kept'")
})
