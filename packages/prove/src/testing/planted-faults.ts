import type { ProofRequest, ProofStep } from '@banyan/model'
import type { PlantedStore } from './planted-store.ts'
import { below } from './random.ts'

/** What a planted server does wrong, once in so many chances. */
export const faultNames = [
  'lose a write',
  'double a write',
  'give a stale answer',
  'reorder two appends',
  'tear a transfer',
] as const
export type FaultName = (typeof faultNames)[number]

/** So long an acknowledgement must be past that every client has surely heard of it. */
const heardAfterMs = 250

/** Does a request wrongly where that will show; `null`: it cannot here, and nothing was done. */
type Spoil = (store: PlantedStore, request: ProofRequest, past: Past) => object | null

/**
 * Plants one fault in each `oneIn` chances, at a place that the seed chooses. A place where the fault
 * would not show, such as a doubled read, is no chance.
 */
export class Faults {
  /** What was done wrong, for the message of a test that fails. */
  readonly planted: string[] = []
  readonly #spoil: Spoil
  readonly #oneIn: number
  readonly #place: number
  readonly #past = new Past()
  #chances = 0

  constructor(name: FaultName, oneIn: number, random: () => number) {
    this.#spoil = spoils[name]
    this.#oneIn = oneIn
    this.#place = below(random, oneIn)
  }

  /** Has the effect of a request on the store, once in so often not quite the right one. */
  act(store: PlantedStore, request: ProofRequest): object {
    // Once due it stays so until a request comes with which it shows.
    const isDue = this.#chances >= this.planted.length * this.#oneIn + this.#place
    const spoiled = isDue ? this.#spoil(store, request, this.#past) : null
    if (isWrite(request)) this.#chances += 1
    if (spoiled) this.planted.push(JSON.stringify(request))
    const before = valueBefore(store, request)
    const result = spoiled ?? store.act(request)
    this.#past.note(request, before, result)
    return result
  }

  /** The answer to a request was sent. */
  answered(request: ProofRequest, atMs: number): void {
    this.#past.answered(request, atMs)
  }
}

const isWrite = (request: ProofRequest): boolean =>
  ['write', 'add', 'transfer'].includes(request.kind) ||
  (request.kind === 'transaction' && request.operations.some((step) => 'append' in step))

const valueBefore = (store: PlantedStore, request: ProofRequest): number | null =>
  request.kind === 'write' ? (store.registers.get(request.key) ?? null) : null

/** What was answered before, as far as a stale or reordered answer needs it. */
class Past {
  readonly #writes = new Map<
    string,
    { readonly value: number; readonly before: number | null; answeredMs: number }
  >()
  readonly #adds = new Map<string, { readonly value: number; answeredMs: number }[]>()
  readonly #shown = new Map<string, number>()

  note(request: ProofRequest, before: number | null, result: object): void {
    const answeredMs = Number.POSITIVE_INFINITY
    if (request.kind === 'write') {
      this.#writes.set(request.key, { value: request.value, before, answeredMs })
    } else if (request.kind === 'add') {
      const adds = this.#adds.get(request.key) ?? []
      this.#adds.set(request.key, [...adds, { value: request.value, answeredMs }])
    } else if (request.kind === 'transaction' && 'results' in result) {
      this.#noteShown(request.operations, result.results as (readonly number[] | null)[])
    }
  }

  #noteShown(steps: readonly ProofStep[], results: readonly (readonly number[] | null)[]): void {
    for (const [at, step] of steps.entries()) {
      const last = results[at]?.at(-1)
      if ('read' in step && last !== undefined) this.#shown.set(step.read, last)
    }
  }

  answered(request: ProofRequest, atMs: number): void {
    if (request.kind === 'write') {
      const write = this.#writes.get(request.key)
      if (write?.value === request.value) write.answeredMs = atMs
    } else if (request.kind === 'add') {
      const add = this.#adds.get(request.key)?.find(({ value }) => value === request.value)
      if (add) add.answeredMs = atMs
    }
  }

  /** What a register held before its last write, when every client has heard of that one. */
  valueBefore(key: string): { readonly before: number | null } | null {
    const write = this.#writes.get(key)
    return write && write.answeredMs + heardAfterMs < performance.now() ? write : null
  }

  /** An element that every client has heard of. */
  heardElement(key: string): number | undefined {
    const now = performance.now()
    return this.#adds.get(key)?.find(({ answeredMs }) => answeredMs + heardAfterMs < now)?.value
  }

  /** The last element that a read of a list has shown. */
  lastShown(list: string): number | undefined {
    return this.#shown.get(list)
  }
}

const appendsOf = (request: ProofRequest): readonly (readonly [key: string, value: number])[] =>
  request.kind === 'transaction'
    ? request.operations.flatMap((step) => ('append' in step ? [step.append] : []))
    : []

/** A transaction that only appends can be left out or repeated without showing it at once. */
const isBlind = (request: ProofRequest): boolean =>
  request.kind === 'transaction' && request.operations.every((step) => 'append' in step)

const isRead = (request: ProofRequest, list: string): boolean =>
  request.kind === 'transaction' &&
  request.operations.some((step) => 'read' in step && step.read === list)

const spoils: Record<FaultName, Spoil> = {
  'lose a write': (store, request) => {
    if (request.kind === 'add') return {}
    if (isBlind(request)) return { results: appendsOf(request).map(() => null) }
    // A register's lost write shows only until the next one, which may well be before any read.
    const canPay =
      request.kind === 'transfer' && (store.accounts.get(request.from) ?? 0) >= request.amount
    return canPay ? { done: true } : null
  },
  'double a write': (store, request) => {
    const canPayTwice =
      request.kind === 'transfer' && (store.accounts.get(request.from) ?? 0) >= request.amount * 2
    if (request.kind !== 'add' && !isBlind(request) && !canPayTwice) return null
    store.act(request)
    return store.act(request)
  },
  'give a stale answer': (store, request, past) => {
    if (request.kind === 'read') {
      const write = past.valueBefore(request.key)
      return write && { value: write.before }
    }
    if (request.kind !== 'elements') return null
    const hidden = past.heardElement(request.key)
    const elements = store.elements.get(request.key) ?? []
    return hidden === undefined ? null : { elements: elements.filter((value) => value !== hidden) }
  },
  'reorder two appends': (store, request, past) => {
    const append = appendsOf(request).find(([list]) => {
      const last = store.lists.get(list)?.at(-1)
      return last !== undefined && last === past.lastShown(list) && !isRead(request, list)
    })
    if (!append) return null
    const [list, value] = append
    const elements = store.lists.get(list) ?? []
    const result = store.act(request)
    const after = (store.lists.get(list) ?? []).slice(elements.length + 1)
    store.lists.set(list, [...elements.slice(0, -1), value, ...elements.slice(-1), ...after])
    return result
  },
  'tear a transfer': (store, request) => {
    if (request.kind !== 'transfer') return null
    if ((store.accounts.get(request.from) ?? 0) < request.amount) return null
    store.deposit(request.from, -request.amount)
    return { done: true }
  },
}
