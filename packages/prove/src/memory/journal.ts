import type { Operation } from '../history/operation.ts'
import { AnswerRefused, NoAnswer } from '../http/failures.ts'
import type { Answer, Isolation, Turn } from '../scenario.ts'

/** What kind of fact a key names; each kind has its own checker. */
export type FactKind = 'register' | 'set' | 'bank' | 'lists'

/** One fact: all that was done to it, and how it is read when the load is over. */
export type Fact = {
  readonly kind: FactKind
  readonly key: string
  readonly operations: Operation[]
  /** Reads it once, through memory; null when only the scenario's own `verify` can. */
  readAgain: ((turn: Turn) => Promise<unknown>) | null
  /** Only of a bank. */
  opening?: { readonly accounts: readonly string[]; readonly balance: number }
  /** Only of lists. */
  isolation?: Isolation
}

/** Who does something: which client, and whether it is after the load. */
export type Who = {
  readonly index: number
  readonly final: boolean
  /** How many of its writing requests were not answered with a plain no, so far. */
  readonly maybeDone: number
}

/** What a write returns to say that nothing was done, whatever its requests were answered. */
export const notDone: unique symbol = Symbol('not done')

type Began = { readonly index: number; readonly invokedMs: number }

type Outcome = Operation['outcome']

/** What was heard of a write: `gone` says that a thing is not there, which only a removal can go by. */
type Heard = Answer['outcome']

/** What every operation says of itself besides its fact. */
type Doing = Pick<Operation, 'f' | 'value'> & {
  readonly among?: readonly (string | number)[]
  readonly foundGone?: true
}

/**
 * The history of a run. Operations are written down when they end, with their place in the order in which
 * they began; those that never end are written down as open when the run is judged.
 */
export class Journal {
  readonly facts = new Map<string, Fact>()
  acknowledgedWrites = 0
  #begun = 0
  readonly #now: () => number
  readonly #open = new Map<number, () => void>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** The fact of this key, made when it is new. One key has one kind. */
  fact(kind: FactKind, key: string): Fact {
    const name = `${kind}\n${key}`
    const known = this.facts.get(name)
    if (known) return known
    const fact: Fact = { kind, key, operations: [], readAgain: null }
    this.facts.set(name, fact)
    return fact
  }

  /** Does a write and remembers what became of it. What it throws is thrown on. */
  async write(fact: Fact, who: Who, doing: Doing, send: () => Promise<unknown>): Promise<void> {
    const began = this.#begin(fact, who, doing)
    const before = who.maybeDone
    try {
      const result = await send()
      const heard = heardOf(result)
      const isSure = result === notDone || who.maybeDone === before
      if (heard === 'gone') this.#endGone(fact, who, doing, began)
      else this.#end(fact, who, doing, began, heard === 'fail' && !isSure ? 'info' : heard)
    } catch (error) {
      this.#fail(fact, who, doing, began, error, before)
      throw error
    }
  }

  /** Reads, and remembers what was shown. A read that throws has shown nothing. */
  async read<T>(
    fact: Fact,
    who: Who,
    ask: () => Promise<T>,
    doingOf: (shown: T) => Doing,
  ): Promise<T> {
    const began = { index: this.#begun++, invokedMs: this.#now() }
    const shown = await ask()
    this.#record(fact, who, doingOf(shown), began, 'ok')
    return shown
  }

  /** A transaction both reads and writes: what it read is known once it is answered. */
  async transact<T>(
    fact: Fact,
    who: Who,
    asked: Doing,
    send: () => Promise<T>,
    answered: (result: T) => Doing,
  ): Promise<T> {
    const began = this.#begin(fact, who, asked)
    const before = who.maybeDone
    try {
      const result = await send()
      this.#end(fact, who, answered(result), began, 'ok')
      return result
    } catch (error) {
      this.#fail(fact, who, asked, began, error, before)
      throw error
    }
  }

  /** Writes down what is still under way as open. */
  settle(): void {
    for (const record of this.#open.values()) record()
    this.#open.clear()
  }

  get size(): number {
    let size = 0
    for (const { operations } of this.facts.values()) size += operations.length
    return size
  }

  /** Should it never settle, it was still begun, and may have been done. */
  #begin(fact: Fact, who: Who, doing: Doing): Began {
    const began = { index: this.#begun++, invokedMs: this.#now() }
    this.#open.set(began.index, () => this.#record(fact, who, doing, began, 'info'))
    return began
  }

  #end(fact: Fact, who: Who, doing: Doing, began: Began, outcome: Outcome): void {
    // Gone when the run was judged in the meantime: then it is written down already.
    if (!this.#open.delete(began.index)) return
    if (outcome === 'ok' && !who.final) this.acknowledgedWrites++
    this.#record(fact, who, doing, began, outcome)
  }

  /**
   * A removal that was told that nothing is there counts as done: whoever did it, from now on the thing must
   * not be shown. For any other write it leaves open what happened.
   */
  #endGone(fact: Fact, who: Who, doing: Doing, began: Began): void {
    const isRemoval = doing.f === 'remove' || (doing.f === 'write' && doing.value === null)
    if (isRemoval) this.#end(fact, who, { ...doing, foundGone: true }, began, 'ok')
    else this.#end(fact, who, doing, began, 'info')
  }

  /** When an earlier request of the same write may have done its part, its refusal proves nothing. */
  #fail(fact: Fact, who: Who, doing: Doing, began: Began, error: unknown, before: number): void {
    const outcome = who.maybeDone === before ? outcomeOfThrown(error) : 'info'
    this.#end(fact, who, doing, began, outcome)
  }

  #record(
    fact: Fact,
    { index: process, final }: Who,
    doing: Doing,
    { index, invokedMs }: Began,
    outcome: Outcome,
  ): void {
    const completedMs = outcome === 'info' ? null : this.#now()
    const base = { process, index, key: fact.key, ...doing, invokedMs, completedMs, outcome }
    fact.operations.push((final ? { ...base, final } : base) as Operation)
  }
}

function heardOf(result: unknown): Heard {
  if (result === notDone) return 'fail'
  if (typeof result !== 'object' || result === null) return 'ok'
  const { outcome } = result as Partial<Answer>
  return outcome === 'fail' || outcome === 'info' || outcome === 'gone' ? outcome : 'ok'
}

/** A scenario that throws for reasons of its own leaves open what it had sent before. */
function outcomeOfThrown(error: unknown): Outcome {
  if (error instanceof NoAnswer) return error.outcome
  return error instanceof AnswerRefused && error.outcome === 'fail' ? 'fail' : 'info'
}
