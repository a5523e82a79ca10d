import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Report, runProof, type Scenario } from '@banyan/prove'
import pg from 'pg'
import proof from '../../apps/conduit/proof.ts'
import { startOnBanyan } from './conduit-system.ts'

/*
 * Conduit's scenario against a Conduit whose database is tampered with behind its back: every fact that
 * the scenario remembers has to be one that it would miss.
 */

/** The load of visitors who write a lot, so that two seconds are enough of everything. */
const eager = {
  ...proof,
  actions: proof.actions.map((action) =>
    action.kind === 'write' ? { ...action, weight: action.weight * 6 } : action,
  ),
} as Scenario

const seconds = 3
const seed = Number(process.env.BANYAN_SEED ?? '7')

/** Each hits many facts: what happens to one of them is often undone by the load that goes on. */
type Crime = {
  readonly what: string
  /** Done early, where it takes two deeds. */
  readonly prepare?: string
  readonly sql: string
  readonly key: RegExp
  readonly kind: RegExp
}

const crimes: readonly Crime[] = [
  {
    what: 'comments that are lost',
    sql: 'delete from comments',
    key: /^comments on /,
    // One that is to be deleted is looked at right before, and missed there.
    kind: /lost|stale/,
  },
  {
    what: 'comments that are there twice',
    sql: `insert into comments (author_id, article_id, id, commenter_id, body)
          select author_id, article_id, id + 1000000000, commenter_id, body from comments`,
    key: /^comments on /,
    // Who takes one of the two away finds the other.
    kind: /doubled|reappeared/,
  },
  {
    what: 'favourites that are lost',
    sql: 'delete from favorites where hashtext(article_id::text) % 2 = 0',
    key: /^favourites of /,
    kind: /lost|stale/,
  },
  {
    what: 'a favourite that nobody gave',
    sql: `insert into favorites (author_id, article_id, user_id)
          select author_id, articles.id, users.id from articles, users where title like 'proof-%'
          and users.id = (select author_id from articles limit 1) on conflict do nothing`,
    key: /^favourites of /,
    kind: /phantom|reappeared|stale/,
  },
  {
    what: 'someone who is no longer followed',
    sql: 'delete from follows where follower_id = (select max(follower_id::text)::uuid from follows)',
    key: /^followed by /,
    kind: /lost|stale/,
  },
  {
    what: 'edits that are undone',
    prepare: 'create table kept as select author_id, id, body, description from articles',
    sql: `update articles set body = kept.body, description = kept.description from kept
          where articles.author_id = kept.author_id and articles.id = kept.id`,
    key: /^text of /,
    kind: /lost|stale/,
  },
  {
    what: 'edits of which one half is undone',
    prepare: 'create table kept as select author_id, id, description from articles',
    sql: `update articles set description = kept.description from kept
          where articles.author_id = kept.author_id and articles.id = kept.id`,
    key: /^text of /,
    kind: /phantom/,
  },
  {
    what: 'favourites that are counted twice',
    sql: "update articles set favorites_count = favorites_count + 1 where title like 'proof-%'",
    key: /^likes of /,
    kind: /doubled|torn|fractured|stale|lost/,
  },
  {
    what: 'a deleted comment that is there again',
    prepare: 'create table old as select * from comments',
    sql: `insert into comments select * from old where not exists
          (select 1 from comments where comments.id = old.id)
          and exists (select 1 from articles where articles.id = old.article_id)`,
    key: /^comments on /,
    kind: /reappeared|stale/,
  },
  {
    what: 'profiles that are undone',
    sql: 'update users set bio = null',
    key: /^bio of /,
    kind: /lost|stale/,
  },
  {
    what: 'articles that are lost',
    sql: 'delete from articles where hashtext(id::text) % 2 = 0',
    key: /^articles of /,
    kind: /lost/,
  },
  {
    what: 'a deleted article that is there again',
    prepare: 'create table old as select * from articles',
    sql: `insert into articles select * from old where not exists
          (select 1 from articles where articles.id = old.id)`,
    key: /^articles of /,
    kind: /reappeared|stale/,
  },
  {
    what: 'someone who registered and is gone',
    sql: `delete from users where id = (select id from users where not exists
          (select 1 from articles where author_id = users.id) order by id desc limit 1)`,
    key: /^account /,
    kind: /lost/,
  },
]

describe("Conduit's scenario", () => {
  let started: Awaited<ReturnType<typeof startOnBanyan>>
  let owner: pg.Client
  let url: string
  /** Answers of listings that are given again: by their path, and only while it is set. */
  let remembered: Map<string, string> | null = null
  let replays = 0
  /** While it is set every deletion is done twice, as a balancer does that missed the first answer. */
  let isTriedTwice = false

  before(async () => {
    // What a password costs is not what is looked at here.
    const passwords = { hash: async () => 'hash', verify: async () => true }
    started = await startOnBanyan({ passwords })
    started.app.addHook('onRequest', async (request, reply) => {
      const known = request.method === 'GET' ? remembered?.get(request.url) : undefined
      if (known === undefined || replays <= 0) return
      replays -= 1
      return reply.header('content-type', 'application/json').send(known)
    })
    started.app.addHook('onRequest', async (request) => {
      const { method, url, headers } = request
      if (!isTriedTwice || method !== 'DELETE' || headers['x-first-try'] !== undefined) return
      const { authorization = '' } = headers
      await started.app.inject({ method, url, headers: { authorization, 'x-first-try': '1' } })
    })
    started.app.addHook('onSend', async (request, _reply, payload) => {
      if (request.method === 'GET' && typeof payload === 'string' && replays <= 0) {
        remembered?.set(request.url, payload)
      }
      return payload
    })
    url = await started.app.listen({ host: '127.0.0.1', port: 0 })
    owner = new pg.Client({ connectionString: started.database.ownerUrl })
    await owner.connect()
  })
  after(async () => {
    await owner?.end()
    await started?.stop()
  })

  const run = (): Promise<Report> => runProof({ scenario: eager, url, rate: 200, seconds, seed })

  it('accuses a Conduit of nothing that does everything right', async () => {
    const report = await run()
    const { lost, doubled, staleReads, phantom, otherAnomalies, unverified, failed } = report
    assert.deepEqual(
      [lost, doubled, staleReads, phantom, otherAnomalies, unverified, failed.total],
      [0, 0, 0, 0, 0, 0, 0],
      JSON.stringify([report.anomalies, failed], null, 1),
    )
    assert.ok(report.actions.every(({ started }) => started > 0))
  })

  it('accuses nobody of deletions that are tried twice', async () => {
    isTriedTwice = true
    const report = await run().finally(() => {
      isTriedTwice = false
    })
    const { lost, doubled, staleReads, phantom, otherAnomalies, unverified, failed } = report
    assert.deepEqual(
      [lost, doubled, staleReads, phantom, otherAnomalies, unverified, failed.total],
      [0, 0, 0, 0, 0, 0, 0],
      JSON.stringify([report.anomalies, report.notes, failed], null, 1),
    )
    assert.match(report.notes.join(), /removals found nothing there/)
  })

  const forgiveGone = (error: { code?: string }): { rowCount: number } => {
    if (error.code === '23503') return { rowCount: 0 }
    throw error
  }

  for (const { what, prepare, sql, key, kind } of crimes) {
    it(`finds ${what}`, async () => {
      let isOver = false
      const running = run().finally(() => {
        isOver = true
      })
      await untilWritten(owner)
      await sleep(seconds * 500)
      if (prepare !== undefined) await owner.query(prepare)
      await sleep(seconds * 300)
      // What it needs, a deletion for example, may still be on its way on a busy machine.
      let hits = 0
      while (hits === 0 && !isOver) {
        // What it hits may be deleted by the load at this very moment, and then it is another one's turn.
        hits = (await owner.query(sql).catch(forgiveGone)).rowCount ?? 0
        if (hits === 0) await sleep(20)
      }
      // Also where it fails: what goes on would disturb the next one.
      const { anomalies } = await running
      assert.ok(hits > 0, 'the crime has hit nothing')
      await owner.query('drop table if exists kept, old')
      const found = anomalies.filter((anomaly) => key.test(anomaly.key) && kind.test(anomaly.kind))
      assert.ok(found.length > 0, JSON.stringify(anomalies, null, 1))
    })
  }

  it('finds answers that are older than what was acknowledged', async () => {
    remembered = new Map()
    const running = run()
    await untilWritten(owner)
    await sleep(seconds * 700)
    replays = 20
    const report = await running
    remembered = null
    assert.ok(replays < 20, 'no answer was given again')
    replays = 0
    assert.ok(Number(report.staleReads) > 0, JSON.stringify(report.anomalies, null, 1))
  })
})

/** The people and articles of the run are there: its load begins. */
async function untilWritten(owner: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await owner.query(
      "select count(*)::int as n from articles where body like 'text-%'",
    )
    if (rows[0].n >= 24) return
    await sleep(20)
  }
}
