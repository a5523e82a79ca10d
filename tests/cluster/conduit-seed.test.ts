import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startPostgres, type TestPostgres } from '@banyan/testing'
import pg from 'pg'
import { type ConduitDatabase, createConduitDatabase } from './conduit-system.ts'

const program = new URL('../../apps/conduit/src/seed/main.ts', import.meta.url).pathname

type Outcome = { status: number; out: string; err: string }

const seed = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err })
    })
  })

describe('npm run seed', () => {
  let postgres: TestPostgres
  let database: ConduitDatabase
  let dir: string
  let client: pg.Client
  before(async () => {
    postgres = await startPostgres()
    database = await createConduitDatabase(postgres)
    dir = await mkdtemp(join(tmpdir(), 'conduit-seed-'))
    await mkdir(join(dir, 'nodes', 'web-1'), { recursive: true })
    await cp(database.runtimeFile, join(dir, 'nodes', 'web-1', 'system.json'))
    client = new pg.Client(database.adminUrl)
    await client.connect()
  })
  after(async () => {
    await client?.end()
    await database?.remove()
    await postgres?.stop()
    if (dir) await rm(dir, { recursive: true })
  })

  const single = async (text: string) => Object.values((await client.query(text)).rows[0])

  it('fills the running system through its runtime role, and says how fast', async () => {
    const { status, out, err } = await seed('--users', '300', '--dir', dir)
    assert.deepEqual([status, err], [0, ''])
    assert.match(out, /articles +1,500 rows +[\d,]+ rows\/s/)
    assert.match(out, /Log in as celebrity@example\.com or .*@example\.com, password banyan-seed/)
    assert.deepEqual(
      await single(
        'select count(*)::int as users, sum(articles_count)::int as articles from users',
      ),
      [300, 1500],
    )
    assert.deepEqual(
      await single(
        'select count(*)::int as articles, count(distinct slug)::int as slugs from articles',
      ),
      [1500, 1500],
    )
    assert.deepEqual(
      await single(`select count(*)::int from follows
        where followee_id = (select id from users where username = 'celebrity')`),
      [150],
    )
    assert.deepEqual(
      await single(`select count(*)::int from articles a where favorites_count <> (select count(*)
        from favorites f where f.article_id = a.id and f.author_id = a.author_id)`),
      [0],
    )
    assert.deepEqual(await single('select count(*)::int from banyan.unique_users_email'), [300])
  })

  it('refuses a database with users in it, and adds beside them only when forced', async () => {
    const refused = await seed('--users', '10', '--seed', '2', '--dir', dir)
    assert.equal(refused.status, 1)
    assert.match(refused.err, /has users already\. Add --force/)
    const again = await seed('--users', '10', '--force', '--dir', dir)
    assert.equal(again.status, 1)
    assert.match(again.err, /seed 1 are there already/)
    const forced = await seed('--users', '10', '--seed', '2', '--force', '--json', '--dir', dir)
    assert.equal(forced.status, 0, forced.err)
    const { seed: number, tables } = JSON.parse(forced.out)
    assert.deepEqual([number, tables[0].name, tables[0].rows], [2, 'users', 10])
    assert.deepEqual(await single('select count(*)::int from users'), [310])
  })

  it('says what is wrong with the command line or the place, and changes nothing', async () => {
    const bad = await seed('--users', 'many', '--articles', '0.5', '--dir', dir)
    assert.equal(bad.status, 2)
    assert.match(bad.err, /--users must be.*not "many"\n--articles must be.*not "0.5"/)
    const nowhere = await seed('--dir', join(dir, 'nowhere'))
    assert.equal(nowhere.status, 1)
    assert.match(nowhere.err, /No system has run from .*nowhere\nStart it/)
    assert.deepEqual(await single('select count(*)::int from users'), [310])
  })
})
