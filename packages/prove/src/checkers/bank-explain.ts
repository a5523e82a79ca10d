import type { BankTransfer } from '../history/operation.ts'
import { isBefore } from './times.ts'

/** What accounts have more or less than they should; an account that is missing may have anything. */
export type Difference = ReadonlyMap<string, number>

/** How many transfers a search may still look at. */
export type Budget = { steps: number }

/** What a whole history may take, what one read may, and what each still gets once the first is used up. */
const [poolMax, stepsMax, stepsMin] = [5_000_000, 50_000, 500]

/** More transfers at a time than this explain nearly anything: they are not even tried. */
const openMax = 200

/** Shares what may be looked at among the reads of a history, so that none takes the others' time. */
export class Pool {
  #left = poolMax

  /** As `isExplained`, with a budget from the pool. */
  isExplained(difference: Difference, open: readonly BankTransfer[]): boolean | null {
    const allowed = this.#left > 0 ? stepsMax : stepsMin
    const budget = { steps: allowed }
    const answer = isExplained(difference, open, budget)
    this.#left -= allowed - budget.steps
    return answer
  }
}

/**
 * Whether some choice of the open transfers makes up for a difference exactly; `null` when the search
 * was given up.
 *
 * An account that is off must have taken part in one of the chosen transfers: the search takes each of
 * them in turn, then goes on with what is left. Whoever chooses a transfer chooses all that were over
 * before it began.
 */
export function isExplained(
  difference: Difference,
  open: readonly BankTransfer[],
  budget: Budget,
): boolean | null {
  const off = new Map([...difference].filter(([, amount]) => amount !== 0))
  if (off.size === 0) return true
  const useful = open.filter(({ value: { from, to } }) => from !== to)
  if (!mayBalance(off, useful, difference)) return false
  if (useful.length > openMax) return null
  const found = search(off, { open: useful, passed: [] }, difference, budget)
  return found || budget.steps > 0 ? found : null
}

/** Transfers between accounts that are all known cannot change what these hold together. */
function mayBalance(off: Difference, open: readonly BankTransfer[], known: Difference): boolean {
  const isClosed = open.every(({ value: { from, to } }) => known.has(from) && known.has(to))
  return !isClosed || [...off.values()].reduce((sum, amount) => sum + amount, 0) === 0
}

/** The transfers that may still be chosen, and those that were passed over. */
type Choice = { readonly open: readonly BankTransfer[]; readonly passed: readonly BankTransfer[] }

function search(
  off: Difference,
  { open, passed }: Choice,
  known: Difference,
  budget: Budget,
): boolean {
  const [first] = off
  if (!first) return true
  budget.steps -= open.length + 1
  if (budget.steps <= 0) return false
  if (!isWithinReach(off, open)) return false
  const [account] = first
  const touching = open.filter(({ value: { from, to } }) => from === account || to === account)
  return touching.some((transfer, at) => {
    if (budget.steps <= 0) return false
    const before = touching.slice(0, at)
    const chosen = open.filter((other) => other === transfer || isBefore(other, transfer))
    const isPassed = (other: BankTransfer) => isBefore(other, transfer)
    if (before.some(isPassed) || passed.some(isPassed)) return false
    const left = chosen.reduce((sum, each) => without(sum, each, known), off)
    const gone = new Set([...before, ...chosen])
    const rest = open.filter((other) => !gone.has(other))
    return search(left, { open: rest, passed: [...passed, ...before] }, known, budget)
  })
}

/** Whether every account that is off could be made up for by all that it gets, or all that it gives. */
function isWithinReach(off: Difference, open: readonly BankTransfer[]): boolean {
  const least = new Map<string, number>()
  const most = new Map<string, number>()
  for (const { value } of open) {
    least.set(value.from, (least.get(value.from) ?? 0) - value.amount)
    most.set(value.to, (most.get(value.to) ?? 0) + value.amount)
  }
  return [...off].every(
    ([account, amount]) =>
      (least.get(account) ?? 0) <= amount && amount <= (most.get(account) ?? 0),
  )
}

/** What is still off once a transfer is taken as done. */
function without(
  off: Difference,
  { value: { from, to, amount } }: BankTransfer,
  known: Difference,
): Difference {
  const left = new Map(off)
  add(left, from, amount, known)
  add(left, to, -amount, known)
  return left
}

function add(left: Map<string, number>, account: string, amount: number, known: Difference): void {
  if (!known.has(account)) return
  const sum = (left.get(account) ?? 0) + amount
  if (sum === 0) left.delete(account)
  else left.set(account, sum)
}
