import { constants } from 'node:fs'
import { copyFile, stat, truncate } from 'node:fs/promises'

const logBytesMax = 67_108_864

/**
 * Bounds a log: what has grown past the limit is copied to `<file>.1` and cut to nothing. Those who
 * write to it append (O_APPEND), so they go on at the new end without knowing. Lines that arrive
 * between copy and cut are lost; renaming instead would leave them writing to the old file for ever.
 */
export async function rotate(path: string, bytesMax = logBytesMax): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size <= bytesMax) return false
  await copyFile(path, `${path}.1`, constants.COPYFILE_FICLONE)
  await truncate(path, 0)
  return true
}
