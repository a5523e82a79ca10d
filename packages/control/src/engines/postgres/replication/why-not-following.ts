import { open } from 'node:fs/promises'

/** What a replica logs when waiting does not help, and a sentence for people. */
const reasons: readonly (readonly [pattern: RegExp, sentence: string])[] = [
  [
    /requested WAL segment \w+ has already been removed/,
    'the primary no longer has the WAL that it needs next',
  ],
  [
    /can no longer (get changes from|access) replication slot|replication slot .* has been invalidated/,
    'the primary has given up its slot, as it was too far behind',
  ],
  [
    /forked off current database system timeline|is not a child of database system timeline|requested starting point .* is not in this server's history|requested timeline \d+ is not a child/,
    'it has WAL that the primary does not have',
  ],
  [/ahead of the WAL flush position of this server/, 'it is ahead of the primary'],
  [
    /system identifier differs|database system identifiers? differ/,
    'it belongs to another cluster',
  ],
  [
    /invalid (record length|resource manager|magic number).*\n.*PANIC|PANIC: {2}(WAL contains|could not locate)|invalid page in block|unexpected pageaddr .*PANIC/,
    'its copy is damaged',
  ],
]

/** What was said before was said of another time, or of another primary. */
const begins = [
  'starting PostgreSQL',
  'started streaming WAL',
  'restarted WAL streaming',
  'parameter "primary_conninfo" changed',
]

const tailBytes = 32_768

/**
 * Why a replica will not follow however long it is waited for, by the end of its log; null when nothing
 * there says so. It has to be made anew then. What it says again and again stands behind the last time
 * at which it streamed.
 *
 * @example await whyNotFollowing('/srv/notes/.banyan/logs/db-3.log')
 * // 'the primary no longer has the WAL that it needs next'
 */
export async function whyNotFollowing(logFile: string): Promise<string | null> {
  return reasonIn(await tailOf(logFile))
}

export function reasonIn(log: string): string | null {
  const since = log.slice(Math.max(0, ...begins.map((text) => log.lastIndexOf(text))))
  return reasons.find(([pattern]) => pattern.test(since))?.[1] ?? null
}

async function tailOf(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return ''
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, tailBytes))
    await file.read(buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8')
  } finally {
    await file.close()
  }
}
