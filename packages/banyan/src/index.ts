export { BanyanError, type ErrorCode } from '@banyan/model'
export { data } from './data/data.ts'
export { type SqlFragment, sql } from './data/sql.ts'
export type {
  Consistency,
  Data,
  Everywhere,
  EverywhereAnswer,
  IsolationLevel,
  KeyedTx,
  KeyInput,
  LookupName,
  LookupValue,
  Register,
  Row,
  Scope,
  ShardScope,
  Sql,
  TransactionOptions,
  Tx,
} from './data/types.ts'
export { defineSystem } from './define-system.ts'
export { type Logger, log } from './log.ts'
export type { App, FetchHandler, NodeListener } from './serve/app.ts'
export type { Limits } from './serve/limits.ts'
export { type ServeHandle, type ServeOptions, serve } from './serve/serve.ts'
