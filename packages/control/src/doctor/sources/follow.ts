import type { Reader } from './reader.ts'
import { resolveImport } from './resolve-import.ts'
import type { Source } from './source.ts'

/** What a file reaches through its imports; `whole` when every import led somewhere. */
export type Reached = { readonly sources: readonly Source[]; readonly whole: boolean }

/** Follows the imports from where a process begins: what is found is what runs, and no test or tool beside it. */
export async function follow(entries: readonly string[], reader: Reader): Promise<Reached> {
  const waiting = [...entries]
  const seen = new Set(waiting)
  const sources: Source[] = []
  let whole = true
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const source = await reader.read(path)
    if (source === null) {
      whole = false
      continue
    }
    sources.push(source)
    for (const specifier of source.imports) {
      const target = await resolveImport(specifier, path)
      if (target.kind === 'unknown') whole = false
      if (target.kind !== 'file' || seen.has(target.path)) continue
      seen.add(target.path)
      waiting.push(target.path)
    }
  }
  return { sources, whole }
}
