import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { copyLine } from './copy.ts'
import { readOptions } from './options.ts'
import { celebrity, planSeed } from './plan.ts'
import { randomFrom, zipf } from './random.ts'
import { tablesOf } from './rows.ts'

const textOf = (seed: number) =>
  tablesOf(planSeed({ users: 50, articles: 80, seed }), 'hash').map(({ name, rows }) => [
    name,
    [...rows()].map(copyLine).join(''),
  ])

describe('a seeded population', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(textOf(1), textOf(1))
    assert.notDeepEqual(textOf(1), textOf(2))
  })

  it('has one celebrity whom half of all follow, and nobody follows themselves or twice', () => {
    const { followeesOf, users } = planSeed({ users: 1_000, articles: 0, seed: 7 })
    const fans = followeesOf.filter((followees) => followees.includes(celebrity))
    assert.equal(fans.length, users / 2)
    for (const [follower, followees] of followeesOf.entries()) {
      assert.ok(!followees.includes(follower))
      assert.equal(new Set(followees).size, followees.length)
    }
  })

  it('has few whom many follow, and many whom hardly anybody follows', () => {
    const { followeesOf } = planSeed({ users: 2_000, articles: 0, seed: 1 })
    const followers = new Uint32Array(2_000)
    for (const followee of followeesOf.flatMap((followees) => [...followees])) {
      followers[followee] = (followers[followee] as number) + 1
    }
    const sorted = [...followers].sort((a, b) => b - a)
    const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)
    assert.ok(sum(sorted.slice(0, 200)) > sum(sorted) / 2)
    assert.ok((sorted[1_000] as number) < 5)
  })

  it('has ids that sort by time, and counts that hold', () => {
    const plan = planSeed({ users: 50, articles: 80, seed: 3 })
    const ids = Array.from({ length: plan.articles }, (_, article) => plan.articleId(article))
    assert.deepEqual([...ids].sort(), ids)
    const total = plan.articlesCounts.reduce((sum, count) => sum + count, 0)
    assert.equal(total, plan.articles)
    const tables = new Map(tablesOf(plan, 'hash').map(({ name, rows }) => [name, [...rows()]]))
    const favorites = tables.get('favorites') ?? []
    const counted = (tables.get('articles') ?? []).reduce((sum, row) => sum + Number(row[6]), 0)
    assert.equal(counted, favorites.length)
    const usernames = new Set((tables.get('users') ?? []).map((row) => row[1]))
    const slugs = new Set((tables.get('articles') ?? []).map((row) => row[2]))
    assert.deepEqual([usernames.size, slugs.size], [50, 80])
  })

  it('of one user and no article can be made too', () => {
    const plan = planSeed({ users: 1, articles: 0, seed: 1 })
    assert.deepEqual(
      tablesOf(plan, 'hash').map(({ rows }) => [...rows()].length),
      [1, 0, 0, 0, 0, 0],
    )
  })
})

describe('the command line', () => {
  it('has defaults, and five articles for each person', () => {
    const options = readOptions(['--users', '20'])
    assert.deepEqual(options, {
      users: 20,
      articles: 100,
      seed: 1,
      dir: '.banyan',
      force: false,
      json: false,
    })
  })

  it('names every bad number at once, and what it would take', () => {
    const options = readOptions(['--users', '0', '--articles', '1e3', '--seed=-1'])
    assert.ok(typeof options === 'object' && 'faults' in options)
    assert.equal(options.faults.length, 3)
    assert.match(String(options.faults[0]), /--users must be a whole number from 1 to .*, not "0"/)
  })

  it('refuses what it does not know', () => {
    for (const args of [['--bogus'], ['extra'], ['--users']]) {
      const options = readOptions(args)
      assert.ok(typeof options === 'object' && 'faults' in options, args.join(' '))
    }
  })
})

describe('loading', () => {
  it('writes rows as COPY reads them', () => {
    assert.equal(copyLine(['a\tb\nc\\d\re', null, 7, '']), 'a\\tb\\nc\\\\d\\re\t\\N\t7\t\n')
  })

  it('draws by Zipf: the first far more often than the last', () => {
    const draw = zipf(100, 1)
    const random = randomFrom(1, 'test')
    const counts = new Uint32Array(100)
    for (let round = 0; round < 50_000; round++) {
      const drawn = draw(random)
      counts[drawn] = (counts[drawn] as number) + 1
    }
    const [first = 0, last = 0] = [counts[0], counts[99]]
    assert.ok(first > 8_000 && first < 11_000, `${first}`)
    assert.ok(last > 30 && last < 200, `${last}`)
  })
})
