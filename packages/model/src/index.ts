export { BanyanError, type BanyanErrorOptions, type ErrorCode, errorCatalogue } from './errors.ts'
export type * from './system.ts'
export type * from './topology.ts'
