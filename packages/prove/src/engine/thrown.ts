import { fileURLToPath } from 'node:url'

/** Our own files; their frames are not the scenario's. */
const ours = fileURLToPath(new URL('..', import.meta.url))

/** Whether a frame is of a scenario: neither Node's, nor a package's, nor ours. */
const isForeign = (path: string): boolean =>
  (!path.startsWith(ours) || path.includes('/scenarios/') || /\.test\.[jt]s$/.test(path)) &&
  !path.includes('/node_modules/')

/** `file:line` of the first frame of a stack that is the scenario's own; null when none is. */
export function placeOf(stack: string): string | null {
  for (const line of stack.split('\n')) {
    const found = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/.exec(
      line.trimEnd(),
    )
    if (!found?.[1]) continue
    const path = found[1].startsWith('file:')
      ? fileURLToPath(found[1].replace(/\?.*/, ''))
      : found[1]
    if (isForeign(path)) return `${path}:${found[2]}`
  }
  return null
}

/** What was thrown, in one line, with its place: `TypeError: x is not a function, at /app/proof.ts:12`. */
export function sayThrown(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error).slice(0, 200)}, which is no Error`
  const message = (error.message.split('\n')[0] ?? '').slice(0, 300)
  const place = placeOf(error.stack ?? '')
  return `${error.name}: ${message}${place === null ? '' : ` (${place})`}`
}
