import { newCommentId } from '../text/ids.ts'
import { slugOf, slugSuffix } from '../text/slug.ts'
import type { CopyTable } from './copy.ts'
import type { SeedPlan } from './plan.ts'
import { celebrity } from './plan.ts'
import { geometric, type Random, randomFrom, zipf } from './random.ts'
import * as words from './words.ts'

const dayMs = 24 * 60 * 60 * 1000

/** The tables of a plan, in an order in which no row refers to a later one. */
export function tablesOf(plan: SeedPlan, passwordHash: string): readonly CopyTable[] {
  const ids = Array.from({ length: plan.users }, (_, user) => plan.userId(user))
  const idOf = (user: number) => ids[user] as string
  return [
    {
      name: 'users',
      columns: 'id, username, email, bio, password_hash, articles_count, created_at, updated_at',
      rows: () => userRows(plan, idOf, passwordHash),
    },
    {
      name: 'articles',
      columns:
        'author_id, id, slug, title, description, body, favorites_count, created_at, updated_at',
      rows: () => articleRows(plan, idOf),
    },
    {
      name: 'article_tags',
      columns: 'author_id, article_id, tag, position',
      rows: () => tagRows(plan, idOf),
    },
    {
      name: 'comments',
      columns: 'author_id, article_id, id, commenter_id, body, created_at, updated_at',
      rows: () => commentRows(plan, idOf),
    },
    {
      name: 'favorites',
      columns: 'author_id, article_id, user_id',
      rows: () => favoriteRows(plan, idOf),
    },
    { name: 'follows', columns: 'follower_id, followee_id', rows: () => followRows(plan, idOf) },
  ]
}

type IdOf = (user: number) => string
type Rows = Generator<readonly unknown[]>

const timeText = (ms: number) => new Date(ms).toISOString()

/** The first seed has the plain names; others carry theirs, so that several can stand side by side. */
const suffixOf = (seed: number) => (seed === 1 ? '' : `.s${seed}`)

export const nameOf = (plan: { readonly seed: number }, user: number): string => {
  const suffix = suffixOf(plan.seed)
  if (user === celebrity) return words.celebrityName(suffix)
  return words.username(randomFrom(plan.seed, `name/${user}`), user) + suffix
}

function* userRows(plan: SeedPlan, idOf: IdOf, passwordHash: string): Rows {
  const random = randomFrom(plan.seed, 'bios')
  const born = timeText(Date.UTC(2023, 0, 1))
  for (let user = 0; user < plan.users; user++) {
    const name = nameOf(plan, user)
    const count = plan.articlesCounts[user]
    const bio = random.below(4) === 0 ? null : words.bio(random)
    yield [idOf(user), name, `${name}@example.com`, bio, passwordHash, count, born, born]
  }
}

const authorOf = (plan: SeedPlan, article: number) => plan.authors[article] as number

/** The title carries the article's number, so that no two slugs are the same, whatever the ending. */
const slugFor = (title: string, random: Random) =>
  slugOf(
    title,
    slugSuffix((below) => random.below(below)),
  )

function* articleRows(plan: SeedPlan, idOf: IdOf): Rows {
  const random = randomFrom(plan.seed, 'texts')
  for (let article = 0; article < plan.articles; article++) {
    const title = words.headline(random, article + 1)
    const slug = slugFor(title, random)
    const time = timeText(plan.articleTimeMs(article))
    const favorites = plan.favoritersOf[article]?.length ?? 0
    const author = idOf(authorOf(plan, article))
    const texts = [title, words.sentence(random), words.body(random)]
    yield [author, plan.articleId(article), slug, ...texts, favorites, time, time]
  }
}

function* tagRows(plan: SeedPlan, idOf: IdOf): Rows {
  const random = randomFrom(plan.seed, 'tags')
  const draw = zipf(plan.tags, 1)
  for (let article = 0; article < plan.articles; article++) {
    const count = Math.min(5, geometric(random, 2))
    const tags = new Set(Array.from({ length: count }, () => words.tag(draw(random))))
    const place = [idOf(authorOf(plan, article)), plan.articleId(article)]
    for (const [position, tag] of [...tags].entries()) yield [...place, tag, position + 1]
  }
}

function* commentRows(plan: SeedPlan, idOf: IdOf): Rows {
  const random = randomFrom(plan.seed, 'comment texts')
  for (let article = 0; article < plan.articles; article++) {
    const place = [idOf(authorOf(plan, article)), plan.articleId(article)]
    for (const [index, user] of (plan.commentersOf[article] ?? []).entries()) {
      const ms = plan.articleTimeMs(article) + (index + 1) * dayMs
      const id = newCommentId(ms, (below) => random.below(below))
      yield [...place, id, idOf(user), words.sentence(random), timeText(ms), timeText(ms)]
    }
  }
}

function* favoriteRows(plan: SeedPlan, idOf: IdOf): Rows {
  for (let article = 0; article < plan.articles; article++) {
    const place = [idOf(authorOf(plan, article)), plan.articleId(article)]
    for (const user of plan.favoritersOf[article] ?? []) yield [...place, idOf(user)]
  }
}

function* followRows(plan: SeedPlan, idOf: IdOf): Rows {
  for (let follower = 0; follower < plan.users; follower++) {
    for (const user of plan.followeesOf[follower] ?? []) yield [idOf(follower), idOf(user)]
  }
}
