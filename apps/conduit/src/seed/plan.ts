import { v7 } from 'uuid'
import { geometric, type Random, randomFrom, zipf } from './random.ts'

/** How much is made. */
export type SeedSize = { readonly users: number; readonly articles: number; readonly seed: number }

/** Who wrote what, who follows and favourites whom and what: numbers only, no text yet. */
export type SeedPlan = SeedSize & {
  readonly tags: number
  /** The author of every article; articles are in order of time. */
  readonly authors: Uint32Array
  readonly articlesCounts: Uint32Array
  /** The users who favourite an article, without repetition. */
  readonly favoritersOf: readonly Uint32Array[]
  /** The users whom a user follows, without repetition. */
  readonly followeesOf: readonly Uint32Array[]
  /** The users who comment on an article. */
  readonly commentersOf: readonly Uint32Array[]
  readonly userId: (user: number) => string
  readonly articleId: (article: number) => string
  readonly articleTimeMs: (article: number) => number
}

/** The celebrity: half of all others follow them, and they write more than anybody. */
export const celebrity = 0

const firstUserMs = Date.UTC(2023, 0, 1)
const firstArticleMs = Date.UTC(2024, 0, 1)
const lastArticleMs = Date.UTC(2026, 0, 1)
const meanFollowees = 10
const meanFavorites = 4
const meanComments = 2

/** Plans a population: all of it follows from the seed and the sizes. */
export function planSeed(size: SeedSize): SeedPlan {
  const { users, articles, seed } = size
  const popular = zipf(users, 0.9)
  const writers = zipf(users, 0.7)
  const authors = Uint32Array.from(
    { length: articles },
    drawing(randomFrom(seed, 'authors'), writers),
  )
  const step = articles === 0 ? 0 : (lastArticleMs - firstArticleMs) / articles
  const articleTimeMs = (article: number) => Math.floor(firstArticleMs + article * step)
  return {
    ...size,
    tags: Math.max(10, Math.round(Math.sqrt(articles))),
    authors,
    articlesCounts: countsOf(authors, users),
    favoritersOf: drawSets(randomFrom(seed, 'favorites'), articles, users, meanFavorites),
    followeesOf: drawFollowees(randomFrom(seed, 'follows'), users, popular),
    commentersOf: drawSets(randomFrom(seed, 'comments'), articles, users, meanComments),
    userId: idsFrom(seed, 'user', (user) => firstUserMs + user),
    articleId: idsFrom(seed, 'article', articleTimeMs),
    articleTimeMs,
  }
}

const drawing = (random: Random, draw: (random: Random) => number) => () => draw(random)

function countsOf(numbers: Uint32Array, length: number): Uint32Array {
  const counts = new Uint32Array(length)
  for (const number of numbers) counts[number] = (counts[number] as number) + 1
  return counts
}

/** For each article some users, each at most once. */
function drawSets(random: Random, articles: number, users: number, mean: number): Uint32Array[] {
  const draw = () => {
    const count = Math.min(users, geometric(random, mean))
    return Uint32Array.from(new Set(Array.from({ length: count }, () => random.below(users))))
  }
  return Array.from({ length: articles }, draw)
}

/** Every second user follows the celebrity; besides, the popular are followed by many. */
function drawFollowees(
  random: Random,
  users: number,
  popular: (random: Random) => number,
): Uint32Array[] {
  return Array.from({ length: users }, (_, follower) => {
    const count = Math.min(users - 1, geometric(random, meanFollowees))
    const drawn = new Set(Array.from({ length: count }, () => popular(random)))
    drawn.delete(follower)
    drawn.delete(celebrity)
    if (follower !== celebrity && follower % 2 === 1) drawn.add(celebrity)
    return Uint32Array.from(drawn)
  })
}

/** UUIDv7 with times in the past, whose random part follows from seed, kind and number. */
function idsFrom(seed: number, kind: string, timeMs: (number: number) => number) {
  return (number: number): string =>
    v7({ msecs: timeMs(number), random: randomFrom(seed, `${kind}/${number}`).bytes(16) })
}
