import { log } from 'banyan'
import { shareNext } from '../memo.ts'
import type { Data } from '../store/data.ts'
import {
  type ArticleKey,
  type PublishedArticle,
  readNewestKeys,
  readPublished,
} from '../store/newest-articles.ts'
import { firstIdAt } from '../text/ids.ts'

/** Is given each message once, as it goes out. */
export type Listener = (message: string) => void

export type LiveOptions = {
  readonly intervalMs?: number
  /** How far back is looked each time; see {@link LiveArticles}. */
  readonly windowMs?: number
  /** Most articles that are told of at once; of more, the newest. */
  readonly articlesMax?: number
  readonly nowMs?: () => number
}

/** How long it is looked on behalf of somebody who asked to listen and has not begun. */
const openMs = 5_000

/**
 * Tells of articles as they are published, by anybody on any web server: one look at every shard per
 * process and second, shared by all who listen, and none while nobody does.
 *
 * An id says when its article was begun, on the clock of the web server that took it; it shows when it
 * is committed, and on a replica later still. So each look goes back over the same window, and what was
 * seen in it is remembered.
 */
export class LiveArticles {
  readonly #data: Data
  readonly #options: Required<LiveOptions>
  readonly #listeners = new Set<Listener>()
  readonly #seen = new Set<string>()
  readonly #look = shareNext(() => this.#lookOnce())
  #timer: NodeJS.Timeout | null = null
  /** When the last look began that found the database; null: what is there is not known yet. */
  #lookedAtMs: number | null = null
  /** What is older has been left out. */
  #floor = ''
  #openUntilMs = 0
  #isFailing = false

  constructor(data: Data, options: LiveOptions = {}) {
    this.#data = data
    this.#options = {
      intervalMs: 1_000,
      windowMs: 30_000,
      articlesMax: 200,
      nowMs: Date.now,
      ...options,
    }
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** Once it resolves, whoever listens is told of every article that is published from then on. */
  async open(): Promise<void> {
    this.#openUntilMs = this.#options.nowMs() + openMs
    await this.#look()
    this.#schedule()
  }

  /** Gives back what ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    this.#schedule()
    return () => {
      this.#listeners.delete(listener)
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#openUntilMs = 0
    this.#rest()
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#tick(), this.#options.intervalMs)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    if (this.#isWanted()) await this.#look().then(this.#succeeded, this.#failed)
    this.#timer = null
    if (this.#isWanted()) this.#schedule()
    else this.#rest()
  }

  #isWanted(): boolean {
    return this.#listeners.size > 0 || this.#options.nowMs() < this.#openUntilMs
  }

  /** Nothing is known any more once it is no longer looked. */
  #rest(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#lookedAtMs = null
    this.#floor = ''
    this.#seen.clear()
  }

  async #lookOnce(): Promise<void> {
    const { nowMs, windowMs, articlesMax } = this.#options
    const beganAtMs = nowMs()
    const from = this.#windowStart(beganAtMs - windowMs)
    const to = firstIdAt(beganAtMs + windowMs)
    const found = await readNewestKeys(this.#data, { from, to, limit: articlesMax })
    const keys = newestOf(found, articlesMax)
    const fresh = keys.filter(({ id }) => !this.#seen.has(id))
    const articles = this.#lookedAtMs === null ? [] : await this.#read(fresh)
    this.#remember(beganAtMs, from, keys)
    for (const article of articles) this.#tell(article)
  }

  /** After a time without the database the window reaches back to before it. */
  #windowStart(startMs: number): string {
    const { windowMs } = this.#options
    const id = firstIdAt(Math.min(startMs, (this.#lookedAtMs ?? startMs + windowMs) - windowMs))
    return laterOf(id, this.#floor)
  }

  #remember(atMs: number, from: string, keys: readonly ArticleKey[]): void {
    this.#lookedAtMs = atMs
    for (const id of this.#seen) if (id < from) this.#seen.delete(id)
    for (const { id } of keys) this.#seen.add(id)
    // What was left out once must not come up later, when a newer one is deleted.
    if (keys.length === this.#options.articlesMax) this.#floor = keys.at(-1)?.id ?? this.#floor
  }

  async #read(keys: readonly ArticleKey[]): Promise<readonly PublishedArticle[]> {
    return keys.length === 0 ? [] : readPublished(this.#data, keys)
  }

  #tell({ slug, title, author }: PublishedArticle): void {
    const message = JSON.stringify({ type: 'article', slug, title, author })
    for (const listener of this.#listeners) listener(message)
  }

  readonly #succeeded = (): void => {
    this.#isFailing = false
  }

  /** Said once: without the database there would be a line in every second. */
  readonly #failed = (error: unknown): void => {
    if (!this.#isFailing) log().warn({ err: error }, 'cannot look for new articles')
    this.#isFailing = true
  }
}

const laterOf = (a: string, b: string): string => [a, b].sort().at(-1) ?? a

function newestOf(keys: readonly ArticleKey[], count: number): readonly ArticleKey[] {
  return [...keys].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, count)
}
