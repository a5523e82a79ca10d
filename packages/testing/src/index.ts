export type { TestDatabase } from './database.ts'
export { type HurlOptions, type HurlReport, runHurl } from './hurl/run.ts'
export { type Load, type LoadOptions, type LoadReport, startLoad } from './load.ts'
export { startPostgres, type TestPostgres, type TestPostgresOptions } from './postgres.ts'
export { type RuntimeFileOptions, runtimeFile, writeRuntimeFile } from './runtime-file.ts'
export {
  type NodeStatus,
  type StartSystemOptions,
  startSystem,
  type TestSystem,
} from './system.ts'
