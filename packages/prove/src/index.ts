export type { ProofOptions } from './options.ts'
export type { ScenarioSource } from './process/job.ts'
export { type ApartOptions, proveApart } from './process/prove-apart.ts'
export {
  type ActionReport,
  type ClientReport,
  type FailureReport,
  isFlawless,
  isProven,
  type Progress,
  type Report,
  type ReportedAnomaly,
  type WebSocketReport,
} from './report.ts'
export { runProof } from './run-proof.ts'
export type {
  Action,
  Answer,
  Bank,
  BankOptions,
  FactOptions,
  Isolation,
  ListOperation,
  Lists,
  ListsOptions,
  Plain,
  Register,
  RequestOptions,
  Scenario,
  SetOfFacts,
  SetReadOptions,
  Transfer,
  Turn,
} from './scenario.ts'
export { defineScenario } from './scenario.ts'
