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
  Transfer,
  Turn,
} from './scenario.ts'
export { defineScenario } from './scenario.ts'
