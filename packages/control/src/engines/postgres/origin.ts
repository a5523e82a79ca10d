import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BanyanError } from '@banyan/model'
import { readNodeFile } from './node-file.ts'
import { replaceFile } from './replace-file.ts'

/** Beside data that lives far from its node directory: the path of that directory. */
const originFile = (dataDirectory: string): string => join(dirname(dataDirectory), 'origin')

export async function writeOrigin(directory: string, dataDirectory: string): Promise<void> {
  await replaceFile(originFile(dataDirectory), `${directory}\n`, { mode: 0o600 })
}

/**
 * A project folder may be moved, and its data goes with it. It may also be copied; then the copy's
 * `node.json` names the data of the original, which two servers must not share, and which the copy
 * must not stop, delete or take over.
 */
export async function checkOrigin(directory: string, dataDirectory: string): Promise<void> {
  const origin = (await readFile(originFile(dataDirectory), 'utf8').catch(() => '')).trim()
  if (origin === directory || origin === '') return
  if (await stillUses(origin, dataDirectory)) throw belongsTo(origin, directory, dataDirectory)
  await writeOrigin(directory, dataDirectory)
}

async function stillUses(origin: string, dataDirectory: string): Promise<boolean> {
  const directory = await realpath(origin).catch(() => null)
  const node = directory === null ? null : await readNodeFile(directory)
  return node?.dataDirectory === dataDirectory
}

function belongsTo(origin: string, directory: string, dataDirectory: string): BanyanError {
  return new BanyanError(
    'BANYAN_DATA_FOREIGN',
    `${directory} is a copy of ${origin}, to which the data in ${dataDirectory} belongs.`,
    {
      hint: `Delete ${directory} to give the copy an empty database of its own, or delete ${origin} if the copy takes over. Nothing was changed.`,
      details: { dataDirectory, origin },
    },
  )
}
