import type { Register, SetOfFacts, Turn } from '@banyan/prove'
import type { Article, Person } from './world.ts'

/** The facts of Conduit, each with the request that reads the whole of it. */

type Listed = { title: string; author: { username: string } }
export type Listing = { articles: Listed[] }

/** The most that one page of a listing can hold. */
const pageMax = 100

/** The text of an article, whose edits replace it. */
export const textOf = (turn: Turn, { slug, title }: Pick<Article, 'slug' | 'title'>) =>
  turn.register<string>(`text of ${title}`, {
    read: async (later) => {
      const answer = await later.request('GET', `/api/articles/${slug}`, { accept: [404] })
      if (answer.status === 404) return null
      return wholeText(answer.expect().json<{ article: Text }>().article)
    },
  })

export type Text = { readonly body: string; readonly description: string }

/** An edit gives body and description the same text: one that was applied by half is a text that nobody wrote. */
export const wholeText = ({ body, description }: Text): string =>
  body === description ? body : `${body}, described as ${description}`

/**
 * How many like an article: a number that is kept beside it, as money on an account. Each like is a
 * transfer of 1, so that one which is lost, or counted twice, shows in the balance.
 */
export const likesOf = (turn: Turn, { slug, title }: Pick<Article, 'slug' | 'title'>) =>
  turn.bank(`likes of ${title}`, {
    accounts: ['likes', 'nobody'],
    balance: 0,
    read: async (later) => {
      const answer = (await later.request('GET', `/api/articles/${slug}`)).expect()
      return {
        likes: answer.json<{ article: { favoritesCount: number } }>().article.favoritesCount,
      }
    },
  })

/** What someone says of themselves. */
export const bioOf = (turn: Turn, { username }: Person): Register<string> =>
  turn.register<string>(`bio of ${username}`, {
    read: async (later) => (await profileOf(later, username))?.bio ?? null,
  })

/** Whether somebody of this name is registered. */
export const accountOf = (turn: Turn, username: string): Register<string> =>
  turn.register<string>(`account ${username}`, {
    read: async (later) => (await profileOf(later, username))?.username ?? null,
  })

type Profile = { username: string; bio: string | null; following: boolean }

export async function profileOf(
  turn: Turn,
  username: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Profile | null> {
  const path = `/api/profiles/${username}`
  const answer = await turn.request('GET', path, { headers, accept: [404] })
  return answer.status === 404 ? null : answer.expect().json<{ profile: Profile }>().profile
}

/** The titles of an author's articles. */
export const articlesOf = (turn: Turn, { username }: Person): SetOfFacts<string> =>
  turn.set<string>(`articles of ${username}`, {
    read: (later) => readWhole(later, `author=${username}`),
  })

/** The titles that someone likes. */
export const favoritesOf = (turn: Turn, { username }: Person): SetOfFacts<string> =>
  turn.set<string>(`favourites of ${username}`, {
    read: (later) => readWhole(later, `favorited=${username}`),
  })

/** What the comments on an article say. */
export const commentsOf = (turn: Turn, { slug, title }: Article): SetOfFacts<string> =>
  turn.set<string>(`comments on ${title}`, { read: (later) => readCommentsOf(later, slug) })

export async function readCommentsOf(turn: Turn, slug: string): Promise<string[]> {
  const path = `/api/articles/${slug}/comments`
  const answer = await turn.request('GET', path, { accept: [404] })
  // With the article its comments are gone, which is for the memory to judge.
  if (answer.status === 404) return []
  const { comments } = answer.expect().json<{ comments: { body: string }[] }>()
  return comments.map(({ body }) => body)
}

/** The names of those whom someone follows; `others` are those who can be followed. */
export const followedBy = (turn: Turn, who: Person, others: readonly Person[]) =>
  turn.set<string>(`followed by ${who.username}`, {
    read: async (later) => {
      const profiles = await Promise.all(
        others.map(({ username }) => profileOf(later, username, who.headers)),
      )
      return profiles.flatMap((profile) => (profile?.following ? [profile.username] : []))
    },
  })

/** All pages of a listing, for the time when nothing is written any more. */
async function readWhole(turn: Turn, filter: string): Promise<string[]> {
  const titles: string[] = []
  for (let offset = 0; ; offset += pageMax) {
    const path = `/api/articles?${filter}&limit=${pageMax}&offset=${offset}`
    const { articles } = (await turn.request('GET', path)).expect().json<Listing>()
    titles.push(...articles.map(({ title }) => title))
    if (articles.length < pageMax) return titles
  }
}

/**
 * Reads a part of a set: of `expected` whatever should be there, of which the answer says everything when
 * it is complete, and otherwise only what it shows.
 */
export async function readPart(
  set: SetOfFacts<string>,
  expected: readonly string[],
  ask: () => Promise<{ readonly shown: readonly string[]; readonly isComplete: boolean }>,
): Promise<void> {
  const among: string[] = []
  const read = async () => {
    const { shown, isComplete } = await ask()
    among.push(...new Set(isComplete ? [...expected, ...shown] : shown))
    return shown
  }
  await set.read(read, { among })
}
