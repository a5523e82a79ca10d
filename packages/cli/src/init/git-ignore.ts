import type { Change } from './change.ts'

/** Keeps the state directory, which holds passwords and the database, out of the repository. */
export function ignoreState(text: string | null): Change | null {
  const line = '.banyan/'
  if (text === null) return { path: '.gitignore', action: 'append', text: `${line}\n` }
  if (/^\/?\.banyan\/?\s*$/m.test(text)) return null
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const start = text === '' || text.endsWith('\n') ? '' : newline
  return { path: '.gitignore', action: 'append', text: `${start}${line}${newline}` }
}
