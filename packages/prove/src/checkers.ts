export type { Anomaly, AnomalyKind, Verdict } from './checkers/anomaly.ts'
export { type BankRules, checkBank } from './checkers/check-bank.ts'
export { checkListAppend, type IsolationLevel } from './checkers/check-list-append.ts'
export { checkRegister } from './checkers/check-register.ts'
export { checkSet } from './checkers/check-set.ts'
export { type Tally, tally } from './checkers/tally.ts'
export type {
  BankOperation,
  BankRead,
  BankTransfer,
  Invocation,
  ListOperation,
  ListStep,
  Operation,
  Outcome,
  RegisterOperation,
  RegisterRead,
  RegisterWrite,
  SetChange,
  SetOperation,
  SetRead,
  Value,
} from './history/operation.ts'
