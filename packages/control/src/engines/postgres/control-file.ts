import { open, readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { join } from 'node:path'

/**
 * The system identifier of a cluster: the first eight bytes of `global/pg_control`, in the byte
 * order of the machine. Read by hand, because `pg_controldata` does not come with every package.
 * Null where there is no such file, or where it is cut off.
 */
export async function readSystemIdentifier(dataDirectory: string): Promise<string | null> {
  const file = await open(join(dataDirectory, 'global', 'pg_control'), 'r').catch(absent)
  if (file === null) return null
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
    if (bytesRead < 8) return null
    return String(endianness() === 'LE' ? buffer.readBigUInt64LE() : buffer.readBigUInt64BE())
  } finally {
    await file.close()
  }
}

/** The major version in `PG_VERSION`, or null where there is none to read. */
export async function readMajorVersion(dataDirectory: string): Promise<number | null> {
  const text = await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8').catch(absent)
  const major = Number.parseInt(text ?? '', 10)
  return Number.isInteger(major) ? major : null
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
