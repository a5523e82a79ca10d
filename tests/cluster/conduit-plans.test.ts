import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import pg from 'pg'
import { buildApp } from '../../apps/conduit/src/app.ts'
import { loadSeed, seedPassword } from '../../apps/conduit/src/seed/load.ts'
import { type Client, clientOf, freshName } from '../../apps/conduit/src/testing/client.ts'
import { type Captured, captureStatements } from './conduit-capture.ts'
import { startOnBanyan } from './conduit-system.ts'

// Every statement that a request sends, its own and Banyan's, is explained over 100,000 articles.

const size = { users: 10_000, articles: 100_000, seed: 1 }
/** More rows than this are never walked through to answer a request. */
const rowsMax = 3_000

/** Counting is the exception: it walks through an index of nothing but what it counts. */
const counts = /^\s*select (count\(\*\)|coalesce\(sum\()/

let conduit: Awaited<ReturnType<typeof startOnBanyan>>
let app: pg.Client
let api: Client
let viewer: string
let celebrity: string
let slug: string

before(async () => {
  conduit = await startOnBanyan()
  app = new pg.Client(conduit.database.appUrl)
  await app.connect()
  await loadSeed(app, size)
  await withAdmin((admin) => admin.query('vacuum analyze'))
  api = clientOf(conduit.app)
  celebrity = await logIn('celebrity')
  viewer = await logIn(await busiestReader())
  slug = (await api.get('/api/articles?author=celebrity')).body.articles[0].slug
})
after(async () => {
  await app?.end()
  await conduit?.stop()
})

async function withAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client(conduit.database.adminUrl)
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

async function logIn(username: string): Promise<string> {
  const user = { email: `${username}@example.com`, password: seedPassword }
  return (await api.call('POST', '/api/users/login', { user })).body.user.token
}

const busiestReader = () =>
  withAdmin(async (admin) => {
    const { rows } = await admin.query(
      'select username from users join follows on id = follower_id group by 1 order by count(*) desc limit 1',
    )
    return rows[0].username as string
  })

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
type Asked = [method: Method, path: string, body?: object]

const explained: [name: string, asks: () => Asked[]][] = [
  ['the newest articles', () => [['GET', '/api/articles']]],
  ['a page far back', () => [['GET', '/api/articles?offset=2000&limit=100']]],
  [
    'the articles of a tag, common, rare or unknown',
    () => [
      ['GET', '/api/articles?tag=travel'],
      ['GET', '/api/articles?tag=woodwork-14'],
      ['GET', '/api/articles?tag=nothing'],
    ],
  ],
  [
    'the articles of an author, alone and with other filters',
    () => [
      ['GET', '/api/articles?author=celebrity'],
      ['GET', '/api/articles?author=celebrity&tag=travel'],
      ['GET', '/api/articles?author=celebrity&favorited=celebrity'],
      ['GET', '/api/articles?author=celebrity&favorited=celebrity&tag=travel'],
    ],
  ],
  [
    'what a user has favourited, alone and with a tag',
    () => [
      ['GET', '/api/articles?favorited=celebrity'],
      ['GET', '/api/articles?favorited=celebrity&tag=travel'],
    ],
  ],
  [
    'the feed of who follows the most, its first page and a later one',
    () => [
      ['GET', '/api/articles/feed'],
      ['GET', '/api/articles/feed?offset=20'],
    ],
  ],
  ['the tags', () => [['GET', '/api/tags']]],
  [
    'an article and its comments',
    () => [
      ['GET', `/api/articles/${slug}`],
      ['GET', `/api/articles/${slug}/comments`],
    ],
  ],
  [
    'a profile, followed and not',
    () => [
      ['GET', '/api/profiles/celebrity'],
      ['POST', '/api/profiles/celebrity/follow'],
      ['DELETE', '/api/profiles/celebrity/follow'],
    ],
  ],
  [
    'a favourite, given and taken back',
    () => [
      ['POST', `/api/articles/${slug}/favorite`],
      ['DELETE', `/api/articles/${slug}/favorite`],
    ],
  ],
  [
    'the user: shown, changed, registered, logged in',
    () => {
      const name = freshName()
      const user = { username: name, email: `${name}@example.com`, password: seedPassword }
      return [
        ['GET', '/api/user'],
        ['PUT', '/api/user', { user: { bio: 'Other words' } }],
        ['POST', '/api/users', { user }],
        ['POST', '/api/users/login', { user }],
      ]
    },
  ],
]

for (const [name, asks] of explained) {
  it(`no scan answers ${name}`, async () => {
    for (const ask of asks()) await checkRequest(ask, viewer)
  })
}

it('no scan writes, changes and deletes an article, or a comment', async () => {
  const article = { title: 'New', description: 'About', body: 'Text', tagList: ['travel', 'new'] }
  const made = (await checkRequest(['POST', '/api/articles', { article }], celebrity)).article.slug
  const path = `/api/articles/${made}`
  const commented = ['POST', `${path}/comments`, { comment: { body: 'Yes' } }] satisfies Asked
  const { comment } = await checkRequest(commented, viewer)
  await checkRequest(['DELETE', `${path}/comments/${comment.id}`], viewer)
  await checkRequest(['PUT', path, { article: { body: 'Other', tagList: ['travel'] } }], celebrity)
  await checkRequest(['DELETE', path], celebrity)
})

it('what is counted for every list is read from an index alone', async () => {
  // An app of its own, which has not counted yet.
  const fresh = buildApp({ data: conduit.data })
  const capture = captureStatements()
  await fresh.inject('/')
  capture.stop()
  await fresh.close()
  const plans = await Promise.all(capture.captured.map((statement) => explain(statement)))
  assert.equal(plans.length, 2)
  for (const plan of plans) {
    assert.deepEqual(
      nodesOf(plan)
        .filter(({ kind }) => kind.includes('Scan'))
        .map(({ kind }) => kind),
      ['Index Only Scan'],
    )
  }
})

// biome-ignore lint/suspicious/noExplicitAny: plans and answers are looked at, not typed.
type Plan = any

/** Sends a request and explains everything that it sent, in a transaction that leaves nothing. */
async function checkRequest([method, path, body]: Asked, token: string): Promise<Plan> {
  const capture = captureStatements()
  const answer = await api.call(method, path, body, token)
  capture.stop()
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status}`)
  const sent = capture.captured.filter(({ text }) =>
    /^\s*(select|with|insert|update|delete)/i.test(text),
  )
  assert.ok(sent.length > 0, `${method} ${path} sent nothing`)
  for (const statement of sent) {
    for (const fault of faultsOf(await explain(statement), statement)) {
      assert.fail(`${method} ${path}: ${fault}\n${statement.text}`)
    }
  }
  return answer.body
}

/** Reads are run, so that the rows are counted that each step walked through; writes only planned. */
async function explain({ text, values }: Captured): Promise<Plan> {
  const writes = /\b(insert into|update|delete from)\b/.test(text)
  const options = writes ? 'format json' : 'analyze, format json'
  const { rows } = await app.query(`explain (${options}) ${text}`, values as unknown[])
  return rows[0]['QUERY PLAN'][0].Plan
}

type Node = { kind: string; table: string; rows: number }

function nodesOf(plan: Plan): Node[] {
  const visited = (plan['Actual Rows'] ?? 0) + (plan['Rows Removed by Filter'] ?? 0)
  const rows = visited * (plan['Actual Loops'] ?? 1)
  const node = { kind: plan['Node Type'], table: plan['Relation Name'] ?? '', rows }
  return [node, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

function faultsOf(plan: Plan, { text }: Captured): string[] {
  const nodes = nodesOf(plan).filter(({ table }) => table !== '' && table !== 'settings')
  const scans = nodes.filter(
    ({ kind }) => kind === 'Seq Scan' || (kind === 'Bitmap Heap Scan' && counts.test(text)),
  )
  const walks = counts.test(text) ? [] : nodes.filter(({ rows }) => rows > rowsMax)
  return [...scans, ...walks].map(({ kind, table, rows }) => `${kind} of ${table}, ${rows} rows`)
}
