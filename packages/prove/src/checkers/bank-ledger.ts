import type { BankOperation, BankRead, BankTransfer } from '../history/operation.ts'
import type { Difference } from './bank-explain.ts'
import { completionOf } from './times.ts'

/** A read, what the balances must be but for the transfers that were open then, and those. */
export type Audit = {
  readonly read: BankRead
  /** What it showed, less what was surely there. */
  readonly difference: Difference
  readonly open: readonly BankTransfer[]
}

/** The transfers of a bank in the order of their beginnings, and its answered reads. */
export type BankHistory = {
  readonly done: readonly BankTransfer[]
  readonly refused: readonly BankTransfer[]
  readonly reads: readonly BankRead[]
}

/** Sorts the operations of one bank. */
export function bankHistory(operations: readonly BankOperation[]): BankHistory {
  const transfers = operations.filter(
    (operation): operation is BankTransfer => operation.f === 'transfer',
  )
  return {
    done: transfers.filter(({ outcome }) => outcome !== 'fail'),
    refused: transfers.filter(({ outcome }) => outcome === 'fail'),
    reads: operations.filter(
      (operation): operation is BankRead => operation.f === 'read' && operation.outcome === 'ok',
    ),
  }
}

/**
 * Sets each read against the books. A transfer is in the books once it was over before the read began;
 * one that was under way at some time during the read, or that was never answered, is open.
 */
export function* audits(
  { done, reads }: BankHistory,
  opening: Readonly<Record<string, number>>,
): Generator<Audit> {
  const books = new Map(Object.entries(opening))
  let open: BankTransfer[] = []
  let next = 0
  for (const read of reads) {
    for (; (done[next]?.invokedMs ?? Number.POSITIVE_INFINITY) <= completionOf(read); next += 1) {
      open.push(done[next] as BankTransfer)
    }
    const over = open.filter((transfer) => completionOf(transfer) < read.invokedMs)
    for (const transfer of over) book(books, transfer)
    if (over.length > 0) open = open.filter((transfer) => completionOf(transfer) >= read.invokedMs)
    yield {
      read,
      difference: new Map(
        Object.entries(read.value).map(([account, shown]) => [
          account,
          shown - (books.get(account) ?? 0),
        ]),
      ),
      open: open.filter(({ invokedMs }) => invokedMs <= completionOf(read)),
    }
  }
}

function book(books: Map<string, number>, { value: { from, to, amount } }: BankTransfer): void {
  books.set(from, (books.get(from) ?? 0) - amount)
  books.set(to, (books.get(to) ?? 0) + amount)
}
