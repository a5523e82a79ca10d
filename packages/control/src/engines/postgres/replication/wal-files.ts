import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The name of a segment: timeline, then the two halves of its number. */
const segmentName = /^[0-9A-F]{24}$/

/**
 * The files of WAL that a copy needs to be consistent by itself: from the segment in which its backup
 * began to the one in which it ended, and the histories of its timelines. Names of one timeline sort as
 * their positions do.
 */
export async function walFilesOf(
  dataDirectory: string,
  firstSegment: string,
  lastSegment: string,
): Promise<string[]> {
  const names = await readdir(join(dataDirectory, 'pg_wal'))
  return names
    .filter((name) =>
      segmentName.test(name)
        ? name >= firstSegment && name <= lastSegment
        : /^[0-9A-F]{8}\.history$/.test(name),
    )
    .sort()
}
