import { mkdir } from 'node:fs/promises'
import { unwritable } from './refuse.ts'

/** Makes a folder of the state directory, with those above it. */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  await mkdir(path, { recursive: true, mode }).catch((error: unknown) => {
    throw unwritable(path, error)
  })
}
