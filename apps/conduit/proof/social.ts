import type { SetOfFacts, Turn } from '@banyan/prove'
import { commentsOf, favoritesOf, followedBy, likesOf, readCommentsOf } from './facts.ts'
import type { Toggles } from './toggles.ts'
import type { Article, Comment, Person, World } from './world.ts'

/** From so many comments on, one is deleted before the next is written. */
const commentsMax = 10

/** Of those who come, so many delete a comment rather than write one, so that short runs have both. */
const erasingShare = 0.4

const oneMore = { from: 'nobody', to: 'likes', amount: 1 }
const oneLess = { from: 'likes', to: 'nobody', amount: 1 }

/** Likes an article, or no longer does. */
export async function favorite(turn: Turn, world: World): Promise<void> {
  const person = turn.pick(world.people)
  const article = turn.pick(world.articles)
  const path = `/api/articles/${article.slug}/favorite`
  const count = (to: 'in' | 'out', send: () => Promise<unknown>) =>
    likesOf(turn, article).transfer(to === 'in' ? oneMore : oneLess, send)
  await flip(turn, world.favorites, favoritesOf(turn, person), article.title, person, path, count)
}

/** Follows somebody, or no longer does. */
export async function follow(turn: Turn, world: World): Promise<void> {
  const person = turn.pick(world.people)
  const others = world.people.filter((other) => other !== person)
  const { username } = turn.pick(others)
  const path = `/api/profiles/${username}/follow`
  await flip(turn, world.follows, followedBy(turn, person, others), username, person, path)
}

async function flip(
  turn: Turn,
  toggles: Toggles,
  set: SetOfFacts<string>,
  element: string,
  { username, headers }: Person,
  path: string,
  remember: (to: 'in' | 'out', send: () => Promise<unknown>) => Promise<unknown> = (_to, send) =>
    send(),
): Promise<void> {
  const send = (method: string) => async () =>
    (await turn.request(method, path, { headers })).expect()
  await toggles.change(`${username} ${element}`, (to) =>
    to === 'in'
      ? set.add(element, () => remember(to, send('POST')))
      : set.remove(element, () => remember(to, send('DELETE'))),
  )
}

/** Comments on an article, or deletes what was said first about one. */
export async function comment(turn: Turn, world: World): Promise<void> {
  const discussed = world.articles.filter((article) => saidOf(world, article).length > 0)
  const erases = discussed.length > 0 && turn.random() < erasingShare
  const article = turn.pick(erases ? discussed : world.articles)
  const comments = saidOf(world, article)
  const oldest = erases || comments.length >= commentsMax ? comments.shift() : undefined
  if (oldest === undefined) comments.push(await write(turn, article, turn.pick(world.people)))
  else await erase(turn, article, oldest)
}

function saidOf({ comments }: World, article: Article): Comment[] {
  const said = comments.get(article) ?? []
  comments.set(article, said)
  return said
}

async function write(turn: Turn, article: Article, by: Person): Promise<Comment> {
  const body = turn.unique('comment')
  let id = 0
  await commentsOf(turn, article).add(body, async () => {
    const options = { headers: by.headers, json: { comment: { body } } }
    const path = `/api/articles/${article.slug}/comments`
    const answer = (await turn.request('POST', path, options)).expect()
    id = answer.json<{ comment: { id: number } }>().comment.id
    return answer
  })
  return { id, body, by }
}

/**
 * One whose deletion failed stays where it is: what matters is that memory knows of it. It is looked at
 * right before, because a deletion may find nothing: tried twice on its way, or of what was lost.
 */
async function erase(turn: Turn, article: Article, { id, body, by }: Comment): Promise<void> {
  const path = `/api/articles/${article.slug}/comments/${id}`
  const comments = commentsOf(turn, article)
  await comments.read(() => readCommentsOf(turn, article.slug))
  await comments.remove(body, async () =>
    (await turn.request('DELETE', path, { headers: by.headers, accept: [404] })).expect(),
  )
}
