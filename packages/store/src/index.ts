/** The store behind the console. Everybody outside asks it over HTTP, as `./api/types.ts` says. */
export type * from './api/types.ts'
export { defaultLimits, type StoreFile, type StoreLimits } from './store-file.ts'
