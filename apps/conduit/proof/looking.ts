import type { Turn } from '@banyan/prove'
import {
  accountOf,
  articlesOf,
  bioOf,
  commentsOf,
  favoritesOf,
  followedBy,
  likesOf,
  profileOf,
  readCommentsOf,
  readPart,
  textOf,
  wholeText,
} from './facts.ts'
import type { Article, Person, World } from './world.ts'

type Shown = {
  article: {
    body: string
    description: string
    favorited: boolean
    favoritesCount: number
    author: { username: string; bio: string | null; following: boolean }
  }
}

/** One in so many looks at an article that comes and goes. */
const passingShare = 0.2

/** An article: its text, and what the page says of the reader or the author. */
export async function readArticle(turn: Turn, world: World): Promise<void> {
  const isPassing = world.passing.length > 0 && turn.random() < passingShare
  if (isPassing) return readPassing(turn, turn.pick(world.passing))
  const article = turn.pick(world.articles)
  const reader = turn.pick(world.people)
  // One request answers two questions, and both were asked before it was sent.
  let asked: Promise<Shown> | undefined
  const ask = async () => {
    asked ??= show(turn, article, reader)
    return (await asked).article
  }
  await Promise.all([
    textOf(turn, article).read(async () => wholeText(await ask())),
    readAside(turn, world, article, reader, ask),
  ])
}

async function readAside(
  turn: Turn,
  { people }: World,
  article: Article,
  reader: Person,
  ask: () => Promise<Shown['article']>,
): Promise<void> {
  const { author, title } = article
  const aside = turn.random() * 3
  if (aside < 1) {
    const likes = likesOf(turn, article).read(async () => ({ likes: (await ask()).favoritesCount }))
    const liked = readPart(favoritesOf(turn, reader), [title], async () => ({
      shown: (await ask()).favorited ? [title] : [],
      isComplete: true,
    }))
    await Promise.all([likes, liked])
  } else if (aside < 2 || author === reader) {
    await bioOf(turn, author).read(async () => (await ask()).author.bio)
  } else {
    const others = people.filter((person) => person !== reader)
    await readPart(followedBy(turn, reader, others), [author.username], async () => ({
      shown: (await ask()).author.following ? [author.username] : [],
      isComplete: true,
    }))
  }
}

const show = async (turn: Turn, { slug }: Article, { headers }: Person): Promise<Shown> =>
  (await turn.request('GET', `/api/articles/${slug}`, { headers })).expect().json<Shown>()

/** One that may be deleted by now: then the answer is 404, and right. */
export async function readPassing(turn: Turn, { author, slug, title }: Article): Promise<void> {
  await readPart(articlesOf(turn, author), [title], async () => {
    const answer = await turn.request('GET', `/api/articles/${slug}`, { accept: [404] })
    const shown = answer.status === 404 ? [] : [answer.expect().json<Titled>().article.title]
    return { shown, isComplete: true }
  })
}

type Titled = { article: { title: string } }

export async function readComments(turn: Turn, { articles }: World): Promise<void> {
  const article = turn.pick(articles)
  await commentsOf(turn, article).read(() => readCommentsOf(turn, article.slug))
}

/** Somebody who registered lately, else somebody who was there from the start. */
export async function readProfile(turn: Turn, { newcomers, people }: World): Promise<void> {
  const names = newcomers.length > 0 ? newcomers : people.map(({ username }) => username)
  const username = turn.pick(names)
  await accountOf(turn, username).read(
    async () => (await profileOf(turn, username))?.username ?? null,
  )
}
