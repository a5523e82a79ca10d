import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** One file that init makes, completes or adds a line to. */
export type Change = {
  /** From the folder of the app. */
  readonly path: string
  readonly action: 'write' | 'complete' | 'append'
  /** The file as it will be; for `append` what is added to its end. */
  readonly text: string
}

/** Makes the changes. A file to be written may not be there: nothing of the app is ever overwritten. */
export async function makeChanges(folder: string, changes: readonly Change[]): Promise<void> {
  for (const { path, action, text } of changes) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    const flag = { write: 'wx', complete: 'w', append: 'a' }[action]
    await writeFile(file, text, { flag })
  }
}
