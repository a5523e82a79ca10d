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

type Began = { readonly index: number; readonly invokedMs: number }

type Outcome = Operation['outcome']

/** What every operation says of itself besides its fact. */
type Doing = Pick<Operation, 'f' | 'value'> & { readonly among?: readonly (string | number)[] }

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
  async write(
    fact: Fact,
    process: number,
    doing: Doing,
    send: () => Promise<unknown>,
  ): Promise<void> {
    const began = this.#begin()
    // Should it never settle, it was still begun, and may have been done.
    this.#open.set(began.index, () => this.#record(fact, process, doing, began, 'info', false))
    try {
      const outcome = outcomeOfResult(await send())
      this.#end(fact, process, doing, began, outcome)
    } catch (error) {
      this.#end(fact, process, doing, began, outcomeOfThrown(error))
      throw error
    }
  }

  /** Reads, and remembers what was shown. A read that throws has shown nothing. */
  async read<T>(
    fact: Fact,
    process: number,
    final: boolean,
    ask: () => Promise<T>,
    doingOf: (shown: T) => Doing,
  ): Promise<T> {
    const began = this.#begin()
    const shown = await ask()
    this.#record(fact, process, doingOf(shown), began, 'ok', final)
    return shown
  }

  /** A transaction both reads and writes: what it read is known once it is answered. */
  async transact<T>(
    fact: Fact,
    process: number,
    asked: Doing,
    send: () => Promise<T>,
    answered: (result: T) => Doing,
    final: boolean,
  ): Promise<T> {
    const began = this.#begin()
    this.#open.set(began.index, () => this.#record(fact, process, asked, began, 'info', false))
    try {
      const result = await send()
      this.#end(fact, process, answered(result), began, 'ok', final)
      return result
    } catch (error) {
      this.#end(fact, process, asked, began, outcomeOfThrown(error))
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

  #begin(): Began {
    return { index: this.#begun++, invokedMs: this.#now() }
  }

  #end(
    fact: Fact,
    process: number,
    doing: Doing,
    began: Began,
    outcome: Outcome,
    final = false,
  ): void {
    // Gone when the run was judged in the meantime: then it is written down already.
    if (!this.#open.delete(began.index)) return
    if (outcome === 'ok' && !final) this.acknowledgedWrites++
    this.#record(fact, process, doing, began, outcome, final)
  }

  #record(
    fact: Fact,
    process: number,
    doing: Doing,
    { index, invokedMs }: Began,
    outcome: Outcome,
    final: boolean,
  ): void {
    const completedMs = outcome === 'info' ? null : this.#now()
    const base = { process, index, key: fact.key, ...doing, invokedMs, completedMs, outcome }
    fact.operations.push((final ? { ...base, final } : base) as Operation)
  }
}

function outcomeOfResult(result: unknown): Outcome {
  if (typeof result !== 'object' || result === null) return 'ok'
  const { outcome } = result as Partial<Answer>
  return outcome === 'fail' || outcome === 'info' ? outcome : 'ok'
}

/** A scenario that throws for reasons of its own leaves open what it had sent before. */
function outcomeOfThrown(error: unknown): Outcome {
  if (error instanceof NoAnswer) return error.outcome
  return error instanceof AnswerRefused && error.outcome === 'fail' ? 'fail' : 'info'
}
