import type { ChangedFile } from '../api/types.ts'

/** `src/web.ts changed`, `src/web.ts and 2 others changed`. */
export function sayFiles(files: readonly ChangedFile[]): string {
  const [first] = files
  if (first === undefined) return 'A change'
  const others = files.length - 1
  if (others === 0) return `${first.path} ${first.how}`
  const same = files.every(({ how }) => how === first.how)
  return `${first.path} and ${others} ${others === 1 ? 'other' : 'others'} ${same ? first.how : 'changed'}`
}

/** What came of it: `src/web.ts changed: web-1 restarted in 310 ms.` */
export function sayDone(
  files: readonly ChangedFile[],
  nodes: readonly string[],
  ms: number,
): string {
  const time = ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
  const what = nodes.length === 0 ? 'taken over' : `${sayNodes(nodes)} restarted`
  return `${sayFiles(files)}: ${what} in ${time}.`
}

function sayNodes(nodes: readonly string[]): string {
  const last = nodes.at(-1)
  return nodes.length < 2 ? String(last) : `${nodes.slice(0, -1).join(', ')} and ${last}`
}
