/**
 * What became of an operation.
 *
 * - `ok`: answered, and what it asked for was done.
 * - `fail`: answered that nothing was done, or never sent.
 * - `info`: no answer, or one that leaves it open: it may have been done, may still be, or never.
 */
export type Outcome = 'ok' | 'fail' | 'info'

/** What is written and read: told apart by `===`. */
export type Value = string | number

/**
 * The times and the outcome of one operation, whatever it did.
 *
 * All times are of one monotonic clock in one process. An operation is before another when it was
 * completed before that one was invoked; with equal times neither is before the other.
 */
export type Invocation = {
  /** The client: its operations follow each other. */
  readonly process: number
  /** Its place in the order of invocations, unlike that of any other operation of the run. */
  readonly index: number
  /** What it was done to: keys are judged each by itself. */
  readonly key: string
  readonly invokedMs: number
  /** When the answer had arrived; `null`: it never did. Of an `info` it is not relied on. */
  readonly completedMs: number | null
  readonly outcome: Outcome
  /** Read after the run, when nothing is written any more: what is missing here is lost. */
  readonly final?: boolean
}

/** A removal may be answered that nothing was there: an earlier try of it was done, or something was lost. */
type Removal = { readonly foundGone?: true }

/** A write of a register. `null` takes the value away, as a deletion does. */
export type RegisterWrite = Invocation &
  Removal & { readonly f: 'write'; readonly value: Value | null }

/** A read of a register; `null`: nothing was there. Only what an `ok` read is looked at. */
export type RegisterRead = Invocation & { readonly f: 'read'; readonly value: Value | null }

/**
 * An operation on one value that is replaced as a whole.
 *
 * @example
 * const write: RegisterOperation = { process: 0, index: 0, key: 'title of 7', f: 'write',
 *   value: 'Banyan', invokedMs: 0, completedMs: 3, outcome: 'ok' }
 */
export type RegisterOperation = RegisterWrite | RegisterRead

/** An element was put into a set or taken out of it; doing so twice is the same as once. */
export type SetChange = Invocation &
  Removal & { readonly f: 'add' | 'remove'; readonly value: Value }

/** The elements as they were read, each as often as it was shown. */
export type SetRead = Invocation & {
  readonly f: 'read'
  readonly value: readonly Value[]
  /** The elements that were asked about; without it: all there are. */
  readonly among?: readonly Value[]
}

/** An operation on a set of elements. */
export type SetOperation = SetChange | SetRead

/** An amount from one account to another. `fail` when there was too little money. */
export type BankTransfer = Invocation & {
  readonly f: 'transfer'
  readonly value: { readonly from: string; readonly to: string; readonly amount: number }
}

/** The balances of accounts at one moment. */
export type BankRead = Invocation & {
  readonly f: 'read'
  readonly value: Readonly<Record<string, number>>
}

/** An operation on the accounts of one bank; `key` names the bank. */
export type BankOperation = BankTransfer | BankRead

/** One step inside a transaction over lists. The elements of a read are known once it is answered. */
export type ListStep =
  | { readonly append: readonly [key: string, value: Value] }
  | { readonly read: string; readonly elements?: readonly Value[] }

/**
 * A transaction that reads lists and appends to them; `key` names the group of lists, which is
 * judged as one. No value is appended twice to a list.
 *
 * @example
 * const transaction: ListOperation = { process: 0, index: 0, key: 'run 1', f: 'transaction',
 *   value: [{ append: ['x', 7] }, { read: 'y', elements: [1, 2] }],
 *   invokedMs: 0, completedMs: 3, outcome: 'ok' }
 */
export type ListOperation = Invocation & {
  readonly f: 'transaction'
  readonly value: readonly ListStep[]
}

/** Any operation of a history. */
export type Operation = RegisterOperation | SetOperation | BankOperation | ListOperation
