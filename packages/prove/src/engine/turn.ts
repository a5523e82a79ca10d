import { ReceivedAnswer, saysUnknown } from '../http/answer.ts'
import type { Connections } from '../http/connections.ts'
import type { Outgoing, Received } from '../http/exchange.ts'
import { NoAnswer } from '../http/failures.ts'
import { bankOf, listsOf, registerOf, setOf } from '../memory/facts.ts'
import type { Journal } from '../memory/journal.ts'
import type {
  Answer,
  Bank,
  BankOptions,
  FactOptions,
  Lists,
  ListsOptions,
  Plain,
  Register,
  RequestOptions,
  SetOfFacts,
  Turn,
} from '../scenario.ts'
import type { ActionFigures, ClientFigures, Figures } from './figures.ts'
import { mixSeed, Random } from './random.ts'

/** What all turns of a run share. */
export type Run = {
  readonly url: string
  /** The path of the URL, which every request's path is put behind. */
  readonly prefix: string
  readonly name: string
  readonly seed: number
  readonly oneRequestShare: number
  readonly now: () => number
  readonly connections: Connections
  readonly journal: Journal
  /** Gives numbers that no other turn has. */
  readonly nextNumber: () => number
}

/** Where a turn's requests are counted; null before and after the load. */
export type Counted = {
  readonly figures: Figures
  readonly action: ActionFigures
  readonly intendedMs: number
} | null

/** The same, and the kind of client that the visitor turned out to be. */
type CountedBy = (NonNullable<Counted> & { readonly client: ClientFigures }) | null

const noHeaders = {}
const jsonHeaders = { 'content-type': 'application/json' }

/** One run of an action. Its random numbers follow from the seed and its number alone. */
export class RunTurn implements Turn {
  readonly index: number
  readonly final: boolean
  readonly #run: Run
  readonly #random: Random
  readonly #counted: CountedBy
  readonly #oneRequest: boolean
  #requests = 0
  #maybeDone = 0

  constructor(run: Run, index: number, counted: Counted, final = false) {
    this.#run = run
    this.index = index
    this.final = final
    this.#random = new Random(mixSeed(run.seed, index))
    this.#oneRequest = this.#random.next() < run.oneRequestShare
    const kind = this.#oneRequest ? 'one-request' : 'keep-alive'
    this.#counted = counted && { ...counted, client: counted.figures.clients[kind] }
  }

  get maybeDone(): number {
    return this.#maybeDone
  }

  get url(): string {
    return this.#run.url
  }

  get run(): string {
    return this.#run.name
  }

  readonly random = (): number => this.#random.next()

  readonly now = (): number => this.#run.now()

  readonly pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('turn.pick was given nothing to pick from.')
    return items[Math.floor(this.#random.next() * items.length)] as T
  }

  readonly uniqueNumber = (): number => this.#run.nextNumber()

  readonly unique = (word: string): string => `${word}-${this.run}-${this.#run.nextNumber()}`

  readonly register = <V extends Plain>(
    key: string,
    options?: FactOptions<V | null>,
  ): Register<V> => registerOf(this.#run.journal, this, key, options)

  readonly set = <E extends Plain>(
    key: string,
    options?: FactOptions<readonly E[]>,
  ): SetOfFacts<E> => setOf(this.#run.journal, this, key, options)

  readonly bank = (key: string, options: BankOptions): Bank =>
    bankOf(this.#run.journal, this, key, options)

  readonly lists = (key: string, options: ListsOptions): Lists =>
    listsOf(this.#run.journal, this, key, options)

  readonly request = async (
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Answer> => {
    const isRead = (options.kind ?? kindOf(method)) === 'read'
    // The visitor came at the intended time, however late we are; what follows begins when it is asked for.
    const counted = this.#counted
    const beganMs = this.#requests++ === 0 && counted ? counted.intendedMs : this.#run.now()
    counted?.figures.asked(counted.client)
    const outgoing = outgoingOf(method, this.#run.prefix + path, options)
    try {
      const received = await this.#run.connections.send(outgoing, this.#oneRequest)
      return this.#answer(received, method, path, options, isRead, beganMs)
    } catch (error) {
      if (error instanceof NoAnswer) {
        if (error.outcome === 'info' && !isRead) this.#maybeDone++
        if (counted) this.#unanswered(error, counted, isRead)
      }
      throw error
    }
  }

  #answer(
    { status, headers, text }: Received,
    method: string,
    path: string,
    { accept }: RequestOptions,
    isRead: boolean,
    beganMs: number,
  ): Answer {
    const ok = (status >= 200 && status < 400) || accept?.includes(status) === true
    if (this.#counted) {
      const { figures, action, client } = this.#counted
      const now = this.#run.now()
      if (ok) figures.answered(action, client, now - beganMs, now)
      else if (!isRead && saysUnknown(status, text)) figures.leftOpen(client)
      else figures.fail(action, `${status}`, client)
    }
    const answer = new ReceivedAnswer({ method, path }, { status, headers, text }, ok)
    if (!isRead && answer.outcome !== 'fail') this.#maybeDone++
    return answer
  }

  #unanswered(
    { outcome, reason }: NoAnswer,
    { figures, action, client }: NonNullable<CountedBy>,
    isRead: boolean,
  ): void {
    if (outcome === 'info' && !isRead) figures.leftOpen(client)
    else figures.fail(action, reason, client)
  }
}

function outgoingOf(
  method: string,
  path: string,
  { headers = noHeaders, body, json }: RequestOptions,
): Outgoing {
  if (json === undefined) return { method, path, headers, body: body ?? null }
  const merged = headers === noHeaders ? jsonHeaders : { ...jsonHeaders, ...headers }
  return { method, path, headers: merged, body: JSON.stringify(json) }
}

const kindOf = (method: string): 'read' | 'write' =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'read' : 'write'
