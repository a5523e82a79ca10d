import type { Turn } from '@banyan/prove'
import { makePerson } from './people.ts'
import { World } from './world.ts'
import { makeArticle, removeArticle, writeText } from './writing.ts'

const peopleCount = 12
const articlesEach = 2

/** A few people with two articles each, which are there for the whole run. */
export async function setUpWorld(turn: Turn): Promise<World> {
  const world = new World()
  for (let count = 0; count < peopleCount; count += 1) world.people.push(await makePerson(turn))
  for (const author of world.people) {
    for (let count = 0; count < articlesEach; count += 1) {
      const article = await makeArticle(turn, world, author)
      await writeText(turn, article)
      world.articles.push(article)
    }
  }
  return world
}

/** Deletes the articles of the run, and with them their comments and favourites. The people stay. */
export async function tidyUpWorld(turn: Turn, { articles, passing }: World): Promise<void> {
  for (const article of [...articles, ...passing]) await removeArticle(turn, article)
}
