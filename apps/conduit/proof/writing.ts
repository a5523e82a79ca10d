import type { Turn } from '@banyan/prove'
import { articlesOf, bioOf, textOf } from './facts.ts'
import { readPassing } from './looking.ts'
import { wasRefused } from './toggles.ts'
import type { Article, Person, World } from './world.ts'

/** So many articles come and go at a time: then one has to go before another comes. */
const passingMax = 30

/** Publishes an article that will be deleted again. */
export async function publish(turn: Turn, world: World): Promise<void> {
  if (world.passing.length >= passingMax) return withdraw(turn, world)
  world.passing.push(await makeArticle(turn, world, turn.pick(world.people)))
}

export async function makeArticle(turn: Turn, world: World, author: Person): Promise<Article> {
  const title = turn.unique('proof')
  const { headers, tag } = author
  const text = `${title} as published`
  const article = { title, description: text, body: text, tagList: [tag] }
  return world.publishing.run(turn.now, async (place) => {
    let slug = ''
    await articlesOf(turn, author).add(title, async () => {
      const options = { headers, json: { article } }
      const answer = (await turn.request('POST', '/api/articles', options)).expect()
      slug = answer.json<{ article: { slug: string } }>().article.slug
      return answer
    })
    return { title, slug, author, ...place }
  })
}

/**
 * Deletes the oldest of the articles that come and go. It is looked at right before: a deletion that is
 * tried twice on its way finds nothing, and so does that of an article that was lost.
 */
export async function withdraw(turn: Turn, world: World): Promise<void> {
  const article = world.passing.shift()
  if (article === undefined) return publish(turn, world)
  let isAsked = false
  try {
    await readPassing(turn, article)
    isAsked = true
    await removeArticle(turn, article)
  } catch (error) {
    if (!isAsked || wasRefused(error)) world.passing.unshift(article)
    throw error
  }
}

export async function removeArticle(turn: Turn, { author, slug, title }: Article): Promise<void> {
  await articlesOf(turn, author).remove(title, async () =>
    (
      await turn.request('DELETE', `/api/articles/${slug}`, {
        headers: author.headers,
        accept: [404],
      })
    ).expect(),
  )
}

/** Gives an article a new text; two may do so at once. */
export async function edit(turn: Turn, { articles }: World): Promise<void> {
  await writeText(turn, turn.pick(articles))
}

export async function writeText(turn: Turn, article: Article): Promise<void> {
  const body = turn.unique('text')
  const options = {
    headers: article.author.headers,
    json: { article: { body, description: body } },
  }
  await textOf(turn, article).write(body, async () =>
    (await turn.request('PUT', `/api/articles/${article.slug}`, options)).expect(),
  )
}

export async function editProfile(turn: Turn, { people }: World): Promise<void> {
  const person = turn.pick(people)
  const bio = turn.unique('bio')
  await bioOf(turn, person).write(bio, async () =>
    (
      await turn.request('PUT', '/api/user', { headers: person.headers, json: { user: { bio } } })
    ).expect(),
  )
}
