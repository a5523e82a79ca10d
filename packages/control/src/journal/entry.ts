import type { BalancerName, EntryRequests, Step } from '@banyan/model'
import type { ClimbReport, ClimbRequest, ErrorReport } from '../api/types.ts'

/** The format of the lines that this version writes. */
export const journalFormat = 1

/** `up`: the climb that brings a system up; the others are asked for by somebody. */
export type ClimbDirection = 'up' | ClimbRequest['direction']

/** One line of the journal, before its time and format are written on it. */
export type JournalEntry = ClimbBegun | StepBegun | StepEnded | ClimbTurned | ClimbEnded

export type ClimbBegun = {
  readonly kind: 'climb'
  /** The name of the climb. */
  readonly climb: string
  readonly direction: ClimbDirection
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** The one that it leads to; null until there is one. */
  readonly release: string | null
  /** The one that it comes from. Absent in lines of an older version: the same. */
  readonly fromRelease?: string | null
  /** What is to stand at the entry, and what stood there. Absent in lines of an older version: the gateway. */
  readonly balancer?: BalancerName
  readonly fromBalancer?: BalancerName
}

/** Written before the effect: what is not in the journal was not begun. */
export type StepBegun = {
  readonly kind: 'step'
  readonly climb: string
  /** Counts the steps of the climb from 1, those that were done again too. */
  readonly n: number
  readonly step: Step
  readonly sentence: string
}

export type StepEnded = {
  readonly kind: 'did'
  readonly climb: string
  readonly n: number
  readonly ms: number
  readonly outcome: 'done' | 'failed'
}

/** From here on it leads somewhere else: back to where it came from. */
export type ClimbTurned = {
  readonly kind: 'turn'
  readonly climb: string
  readonly to: readonly string[]
  readonly reason: ErrorReport | null
}

export type ClimbEnded = {
  readonly kind: 'end'
  readonly climb: string
  readonly outcome: ClimbReport['outcome']
  readonly requests: EntryRequests
  readonly longestWritePauseMs: number | null
  readonly totalMs: number
  readonly reason: ErrorReport | null
}

/** A line as it lies in the file. */
export type JournalLine = JournalEntry & { readonly format: 1; readonly at: string }
