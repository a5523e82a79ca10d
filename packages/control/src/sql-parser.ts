import { setFlagsFromString } from 'node:v8'

/**
 * PostgreSQL's own parser. Left to itself V8 would begin to optimize its one huge function at the first
 * statement, which takes a second thread half a second and keeps the process from ending meanwhile; that
 * pays only for megabytes of SQL.
 *
 * @example const { stmts } = (await loadParser())('select 1')
 */
export async function loadParser(): Promise<(sql: string) => unknown> {
  setFlagsFromString('--wasm-tiering-budget=1000000000')
  const { loadModule, parseSync } = await import('libpg-query')
  await loadModule()
  return parseSync
}
