import { Publishing } from './publishing.ts'
import { Toggles } from './toggles.ts'

/** Someone who visits, reads and writes in this run. */
export type Person = {
  readonly username: string
  readonly headers: Readonly<Record<string, string>>
  /** Of their articles; nobody else uses it. */
  readonly tag: string
}

export type Article = {
  readonly title: string
  readonly slug: string
  readonly author: Person
  /** Its place among the articles that were begun. */
  readonly order: number
  /** Articles that were under way when it was begun, and may have come later. */
  readonly mayBeNewer: number
}

export type Comment = { readonly id: number; readonly body: string; readonly by: Person }

/** What the run knows of what it made. Facts are the memory's; this only says what to do next. */
export class World {
  readonly people: Person[] = []
  /** They stay for the whole run: they are edited, commented and favoured. */
  readonly articles: Article[] = []
  /** They come and go. Those whose end is open are no longer among them. */
  passing: Article[] = []
  /** Names of the latest who registered, to be looked up. */
  readonly newcomers: string[] = []
  readonly comments = new Map<Article, Comment[]>()
  readonly publishing = new Publishing()
  readonly favorites = new Toggles()
  readonly follows = new Toggles()

  /** Everything of one author that must be there now. */
  titlesOf(author: Person): string[] {
    return [...this.articles, ...this.passing]
      .filter((article) => article.author === author)
      .map(({ title }) => title)
  }
}
