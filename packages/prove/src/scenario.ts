/**
 * What a scenario is made of. A scenario is a module whose default export is `defineScenario({ … })`;
 * it runs in the prover's own process and reaches the system by HTTP only.
 */

/**
 * A load with memory: actions that are chosen by weight, and what they remember through their turns.
 *
 * @example
 * export default defineScenario({
 *   name: 'notes',
 *   setUp: (turn) => ({ users: [`${turn.run}-ada`, `${turn.run}-bob`] }),
 *   actions: [
 *     {
 *       name: 'write a note', kind: 'write', weight: 1,
 *       run: async (turn, { users }) => {
 *         const user = turn.pick(users)
 *         const text = turn.unique('note')
 *         await turn.register(`note of ${user}`, { read: () => readNote(turn, user) }).write(text, () =>
 *           turn.request('PUT', `/notes/${user}`, { json: { text } }))
 *       },
 *     },
 *   ],
 * })
 */
export type Scenario<World = unknown> = {
  readonly name: string
  /** Runs once, before the load; what it returns is given to every action. */
  readonly setUp?: (turn: Turn) => World | Promise<World>
  readonly actions: readonly Action<World>[]
  /** The path at which visitors can keep a WebSocket open, for `--websockets`. */
  readonly webSocket?: string
  /**
   * Runs once, after the load: what it reads through memory counts as final. Facts that were given a
   * `read` of their own are read again without it.
   */
  readonly verify?: (turn: Turn, world: World) => unknown
  /** Runs last, also after a verification that failed: removes what the run left behind. */
  readonly tidyUp?: (turn: Turn, world: World) => unknown
}

/** One thing that a visitor does, most often with one request. */
export type Action<World = unknown> = {
  readonly name: string
  /** How often, against the other actions' weights. */
  readonly weight: number
  readonly kind: 'read' | 'write'
  /** A failure of a request may simply be let through: it is counted already. */
  readonly run: (turn: Turn, world: World) => unknown
}

/** One run of an action: its requests, its random numbers, and its memory. */
export type Turn = {
  /** Where the system answers, without a slash at the end. */
  readonly url: string
  /** Short text that no other run has, for names that must not collide with another run's. */
  readonly run: string
  /** Number of this turn: the same numbers come with the same seed. */
  readonly index: number
  /** A number from 0 to below 1; the same sequence for the same seed and turn. */
  readonly random: () => number
  /** One of the items, at random. Throws when there is none. */
  readonly pick: <T>(items: readonly T[]) => T
  /** The word with the run and a number behind it, never given twice in a run. */
  readonly unique: (word: string) => string
  /** A whole number above 0 that is never given twice in a run. */
  readonly uniqueNumber: () => number
  /** Milliseconds since the run began. */
  readonly now: () => number
  /** Whether these are the reads after the load. */
  readonly final: boolean
  /**
   * Sends a request on one of the connections and measures it. Throws `NoAnswer` when none came; every
   * answer that did is returned, whatever its status.
   */
  readonly request: (method: string, path: string, options?: RequestOptions) => Promise<Answer>
  /** The memory of one value that is replaced. Values written to one register must all differ. */
  readonly register: <V extends Plain>(key: string, options?: FactOptions<V | null>) => Register<V>
  /** The memory of a collection: what is in it, and how often. */
  readonly set: <E extends Plain>(key: string, options?: FactOptions<readonly E[]>) => SetOfFacts<E>
  /** The memory of accounts between which money moves. */
  readonly bank: (key: string, options: BankOptions) => Bank
  /** The memory of transactions that append to lists and read them. */
  readonly lists: (key: string, options: ListsOptions) => Lists
}

/** What can be remembered and compared by value. */
export type Plain = string | number

export type RequestOptions = {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is. */
  readonly body?: string
  /** Sent as JSON, with its content type. */
  readonly json?: unknown
  /**
   * Statuses that are as good as 200 to 399 here, such as 404 for what may be deleted by now. A DELETE that
   * accepts 404 or 410 counts as done by it, since a balancer may try it again when its first answer was lost.
   */
  readonly accept?: readonly number[]
  /** Whether a lost answer leaves open what happened. By default GET, HEAD and OPTIONS are reads. */
  readonly kind?: 'read' | 'write'
}

/** What a system answered. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
  /** Whether the status is 200 to 399 or one of those that the request accepts. */
  readonly ok: boolean
  /**
   * What it says of a write: done, definitely not done, or open. `gone`: to a DELETE that accepts it, a 404
   * or 410 says that nothing is there any more.
   */
  readonly outcome: 'ok' | 'fail' | 'info' | 'gone'
  /** The body as JSON. Throws `AnswerRefused` when it is none. */
  readonly json: <T = unknown>() => T
  /** Itself when `ok`, else throws `AnswerRefused`. */
  readonly expect: () => Answer
}

export type FactOptions<V> = {
  /** Reads the fact with a request of its own; used after the load for every key that was written. */
  readonly read?: (turn: Turn) => Promise<V>
}

/**
 * One value that is replaced. Each call records when it began, when it ended and how: an `Answer` by its
 * status, a lost answer as open, anything else that is returned as done.
 */
export type Register<V> = {
  readonly write: (value: V, send: () => Promise<unknown>) => Promise<void>
  /** The value is gone: reads give null from now on. */
  readonly remove: (send: () => Promise<unknown>) => Promise<void>
  /** What the system shows now; null when there is nothing. */
  readonly read: (ask: () => Promise<V | null>) => Promise<V | null>
}

/** A collection. One element is added at most once in a run, unless it was removed in between. */
export type SetOfFacts<E> = {
  readonly add: (element: E, send: () => Promise<unknown>) => Promise<void>
  readonly remove: (element: E, send: () => Promise<unknown>) => Promise<void>
  /** The elements that the system shows, each as often as it shows it. */
  readonly read: (
    ask: () => Promise<readonly E[]>,
    options?: SetReadOptions<E>,
  ) => Promise<readonly E[]>
}

export type SetReadOptions<E> = {
  /** The elements that were asked about, when the answer says nothing of any other. */
  readonly among?: readonly E[]
}

export type BankOptions = {
  readonly accounts: readonly string[]
  /** What each account has before the first transfer. */
  readonly balance: number
  readonly read?: (turn: Turn) => Promise<Readonly<Record<string, number>>>
}

export type Transfer = { readonly from: string; readonly to: string; readonly amount: number }

/** Accounts. A transfer that returns false was refused for want of money: nothing was done. */
export type Bank = {
  readonly transfer: (transfer: Transfer, send: () => Promise<unknown>) => Promise<void>
  /** The balances of all accounts in one snapshot. */
  readonly read: (
    ask: () => Promise<Readonly<Record<string, number>>>,
  ) => Promise<Readonly<Record<string, number>>>
}

/** What the system promises of its transactions. */
export type Isolation =
  | 'read-committed'
  | 'snapshot-isolation'
  | 'serializable'
  | 'strict-serializable'

export type ListsOptions = {
  readonly isolation: Isolation
  /** Reads one list after the load. */
  readonly read?: (turn: Turn, list: string) => Promise<readonly number[]>
}

export type ListOperation =
  | { readonly append: readonly [list: string, value: number] }
  | { readonly read: string }

/** Lists that transactions append to and read. A value is appended to a list at most once in a run. */
export type Lists = {
  /** `send` returns for each operation the list that it read, null for an append. */
  readonly transaction: (
    operations: readonly ListOperation[],
    send: () => Promise<readonly (readonly number[] | null)[]>,
  ) => Promise<void>
}

/**
 * Gives a scenario its types. It is checked when a proof begins, with every fault named at once.
 *
 * @example
 * export default defineScenario({
 *   name: 'front page',
 *   actions: [{ name: 'look', kind: 'read', weight: 1, run: (turn) => turn.request('GET', '/') }],
 * })
 */
export function defineScenario<World = unknown>(scenario: Scenario<World>): Scenario<World> {
  return scenario
}
