import type { Turn } from '@banyan/prove'
import { articlesOf, favoritesOf, followedBy, type Listing, readPart } from './facts.ts'
import type { Person, World } from './world.ts'

const frontPageSize = 20
/** More than the articles of one author, or of all whom somebody follows, most of the time. */
const roomySize = 40

/** The newest articles: the one that was published last has to be among them. */
export async function readFrontPage(turn: Turn, world: World): Promise<void> {
  const newest = world.passing.at(-1)
  const ask = () => list(turn, `/api/articles?limit=${frontPageSize}`)
  if (newest === undefined) {
    await ask()
    return
  }
  const { author, title } = newest
  await readPart(articlesOf(turn, author), [title], async () => {
    const { articles } = await ask()
    const foreign = articles.filter(({ title }) => !title.startsWith(`proof-${turn.run}-`)).length
    // Those of others, and those of ours that came since, may have pushed it off the page.
    const isComplete = world.publishing.newerMax(newest) + foreign < frontPageSize
    return { shown: titlesBy(author, articles), isComplete }
  })
}

export async function readOneAuthor(turn: Turn, world: World): Promise<void> {
  const author = turn.pick(world.people)
  await readArticlesOf(turn, world, author, `author=${author.username}`)
}

export async function readOneTag(turn: Turn, world: World): Promise<void> {
  const author = turn.pick(world.people)
  await readArticlesOf(turn, world, author, `tag=${author.tag}`)
}

async function readArticlesOf(
  turn: Turn,
  world: World,
  author: Person,
  filter: string,
): Promise<void> {
  await readPart(articlesOf(turn, author), world.titlesOf(author), async () => {
    const { articles } = await list(turn, `/api/articles?${filter}&limit=${roomySize}`)
    return { shown: titlesBy(author, articles), isComplete: articles.length < roomySize }
  })
}

export async function readFavorites(turn: Turn, world: World): Promise<void> {
  const person = turn.pick(world.people)
  const titles = world.articles.map(({ title }) => title)
  await readPart(favoritesOf(turn, person), titles, async () => {
    const path = `/api/articles?favorited=${person.username}&limit=${roomySize}`
    const { articles } = await list(turn, path)
    return {
      shown: articles.map(({ title }) => title),
      isComplete: articles.length < roomySize,
    }
  })
}

/** Everybody has articles, so whoever is followed is to be seen in the feed. */
export async function readFeed(turn: Turn, { people }: World): Promise<void> {
  const reader = turn.pick(people)
  const others = people.filter((person) => person !== reader)
  const names = others.map(({ username }) => username)
  await readPart(followedBy(turn, reader, others), names, async () => {
    const path = `/api/articles/feed?limit=${roomySize}`
    const { articles } = await list(turn, path, reader.headers)
    const shown = [...new Set(articles.map(({ author }) => author.username))]
    return { shown, isComplete: articles.length < roomySize }
  })
}

async function list(
  turn: Turn,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Listing> {
  return (await turn.request('GET', path, { headers })).expect().json<Listing>()
}

const titlesBy = (author: Person, articles: Listing['articles']): string[] =>
  articles
    .filter((article) => article.author.username === author.username)
    .map(({ title }) => title)
