import { readFile, stat } from 'node:fs/promises'
import type { MetricsTarget } from '@banyan/model'
import { isRecord } from '../is-record.ts'

/**
 * Reads Prometheus' file service discovery. Null: the file cannot be understood, and what was read before holds;
 * no file is an empty list. Entries with several addresses become one target for each.
 */
export async function readTargets(path: string): Promise<readonly MetricsTarget[] | null> {
  try {
    return parseTargets(await readFile(path, 'utf8'))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : null
  }
}

function parseTargets(text: string): readonly MetricsTarget[] | null {
  const said: unknown = JSON.parse(text)
  if (!Array.isArray(said)) return null
  return said.flatMap((entry: unknown): MetricsTarget[] => {
    if (!isRecord(entry) || !Array.isArray(entry.targets)) return []
    const labels = isRecord(entry.labels) ? entry.labels : {}
    const texts = Object.entries(labels).filter((pair): pair is [string, string] => {
      return typeof pair[1] === 'string'
    })
    return entry.targets
      .filter((address: unknown) => typeof address === 'string' && /^[^/@\s]+:\d+$/.test(address))
      .map((address: string) => ({ targets: [address], labels: Object.fromEntries(texts) }))
  })
}

/** What tells whether a file is another one than before; null where there is none. */
export async function versionOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null)
  return found === null ? null : `${found.ino} ${found.mtimeMs} ${found.size}`
}
