import type { BankTransfer } from '../history/operation.ts'
import { type Budget, type Difference, isExplained } from './bank-explain.ts'
import type { Audit, BankHistory } from './bank-ledger.ts'
import { completionOf } from './times.ts'

/** What may have been done wrong with a transfer. */
export type Wrong = 'missing' | 'repeated' | 'half' | 'refused' | 'early'

/** One transfer that, done wrong in one way, explains what a read showed. */
export type Suspect = {
  readonly wrong: Wrong
  readonly transfer: BankTransfer
  /** What it changed where nothing, or something else, should have been changed. */
  readonly change: Difference
}

/** What a read showed, less what suspects that were found before explain. */
export function lessChanges(difference: Difference, suspects: readonly Suspect[]): Difference {
  const left = new Map(difference)
  for (const { change } of suspects) {
    for (const [account, amount] of change) {
      if (left.has(account)) left.set(account, (left.get(account) ?? 0) - amount)
    }
  }
  return left
}

/** Looking for a culprit may not take longer than all the rest. */
const stepsMax = 1_000_000

/**
 * The first transfer, the latest before the others, that alone explains a difference. One that began only
 * after the read is suspected last: it takes a wonder to be shown before it was asked for.
 */
export function findSuspect(
  difference: Difference,
  audit: Audit,
  { done, refused }: BankHistory,
): Suspect | undefined {
  const budget = { steps: stepsMax }
  const accuse = explains(difference, audit, budget)
  const isEarly = ({ invokedMs }: BankTransfer) => invokedMs > completionOf(audit.read)
  for (const transfer of done.filter((each) => !isEarly(each)).reverse()) {
    const suspect = budget.steps > 0 ? suspectsOf(transfer, audit).find(accuse) : undefined
    if (suspect) return suspect
  }
  return [
    ...refused.map((transfer) => whole('refused', transfer, 1)),
    ...done.filter(isEarly).map((transfer) => whole('early', transfer, 1)),
  ].find((suspect) => budget.steps > 0 && accuse(suspect))
}

/** In which ways a transfer may have gone wrong depends on whether it was over or open. */
function suspectsOf(transfer: BankTransfer, { read }: Audit): readonly Suspect[] {
  const { from, to, amount } = transfer.value
  if (from === to) return []
  if (completionOf(transfer) >= read.invokedMs) {
    return [half(transfer, from, -amount), half(transfer, to, amount)]
  }
  return [
    whole('missing', transfer, -1),
    half(transfer, from, amount),
    half(transfer, to, -amount),
    whole('repeated', transfer, 1),
  ]
}

function whole(wrong: Wrong, transfer: BankTransfer, sign: 1 | -1): Suspect {
  const { from, to, amount } = transfer.value
  return {
    wrong,
    transfer,
    change: new Map([
      [from, -sign * amount],
      [to, sign * amount],
    ]),
  }
}

const half = (transfer: BankTransfer, account: string, amount: number): Suspect => ({
  wrong: 'half',
  transfer,
  change: new Map([[account, amount]]),
})

const explains =
  (difference: Difference, { open }: Audit, budget: Budget) =>
  (suspect: Suspect): boolean => {
    budget.steps -= 1
    const others = open.filter((transfer) => transfer !== suspect.transfer)
    return isExplained(lessChanges(difference, [suspect]), others, budget) === true
  }
