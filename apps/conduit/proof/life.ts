import { setTimeout as sleep } from 'node:timers/promises'
import type { Turn } from '@banyan/prove'
import { makePerson } from './people.ts'
import { World } from './world.ts'
import { makeArticle, removeArticle, writeText } from './writing.ts'

const peopleCount = 12
const articlesEach = 2

/** A few people with two articles each, which are there for the whole run. */
export async function setUpWorld(turn: Turn): Promise<World> {
  const world = new World()
  for (let count = 0; count < peopleCount; count += 1) {
    world.people.push(await untilDone(() => makePerson(turn)))
  }
  for (const author of world.people) {
    for (let count = 0; count < articlesEach; count += 1) {
      const article = await untilDone(() => makeArticle(turn, world, author))
      await untilDone(() => writeText(turn, article))
      world.articles.push(article)
    }
  }
  return world
}

const tries = 40
const pauseMs = 500

/** Tries again while the system is away: a proof may begin when something was just killed. */
async function untilDone<T>(make: () => Promise<T>): Promise<T> {
  for (let left = tries; ; left -= 1) {
    try {
      return await make()
    } catch (error) {
      const isAnswer = typeof (error as { outcome?: unknown } | null)?.outcome === 'string'
      if (!isAnswer || left <= 1) throw error
    }
    await sleep(pauseMs)
  }
}

/** Deletes the articles of the run, and with them their comments and favourites. The people stay. */
export async function tidyUpWorld(turn: Turn, { articles, passing }: World): Promise<void> {
  const failures: unknown[] = []
  for (const article of [...articles, ...passing]) {
    await removeArticle(turn, article).catch((error: unknown) => failures.push(error))
  }
  // One that would not go does not keep the others.
  if (failures.length > 0) throw failures[0]
}
