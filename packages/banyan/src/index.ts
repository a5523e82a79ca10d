export { type Logger, log } from './log.ts'
export type { App, FetchHandler, NodeListener } from './serve/app.ts'
export type { Limits } from './serve/limits.ts'
export { type ServeHandle, type ServeOptions, serve } from './serve/serve.ts'
