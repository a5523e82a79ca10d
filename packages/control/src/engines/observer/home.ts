import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, readIfThere } from '../../state/files.ts'
import { nodeDirectory, type StatePaths } from '../../state/paths.ts'
import { type Account, accountNamed, canEnter } from '../postgres/account.ts'
import { distantDirectory, makeEnterable, sharedDirectory } from '../postgres/placement.ts'

/** Where a program that watches has its files, and whom it runs as; null: as whoever runs Banyan. */
export type ObserverHome = {
  readonly folder: string
  readonly data: string
  readonly account: Account | null
}

export type HomeFile = {
  readonly name: string
  readonly text: string
  /** The program has to be told when it changes. */
  readonly isConfiguration: boolean
}

/**
 * Neither program has any business with what root may. So root runs them as the user that their package
 * makes, else as `nobody`. That user may not be able to enter the state directory (one below /root); then
 * their files are below /var/lib/banyan, as those of PostgreSQL are. What was kept once stays its owner's.
 */
export async function homeOf(paths: StatePaths, node: string): Promise<ObserverHome> {
  const own = nodeDirectory(paths, node)
  await mkdir(own, { recursive: true })
  const account = await accountNamed(['prometheus', 'nobody'])
  const isNear = account === null || (await canEnter(account, own))
  const folder = isNear ? own : distantDirectory(own)
  if (!isNear) {
    await makeEnterable(sharedDirectory)
    await makeEnterable(folder)
  }
  return await ownedHome(folder, account)
}

async function ownedHome(folder: string, account: Account | null): Promise<ObserverHome> {
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true, mode: 0o700 })
  if (account === null) return { folder, data, account }
  const { uid, gid } = await stat(data)
  if (uid !== 0) return { folder, data, account: { name: String(uid), uid, gid } }
  // One that ran as whoever runs Banyan, before that was root.
  for (const name of await readdir(data, { recursive: true })) {
    await chown(join(data, name), account.uid, account.gid)
  }
  await chown(data, account.uid, account.gid)
  await chmod(data, 0o700)
  return { folder, data, account }
}

/** Writes what is other than before, for the program alone to read; says whether it has to be told. */
export async function writeHomeFiles(
  { folder, account }: ObserverHome,
  files: readonly HomeFile[],
): Promise<boolean> {
  let isToBeTold = false
  for (const { name, text, isConfiguration } of files) {
    const path = join(folder, name)
    if ((await readIfThere(path)) === text) continue
    await writeFor(account, path, text)
    isToBeTold ||= isConfiguration
  }
  return isToBeTold
}

/** In one go, and readable from the first moment on: the program looks as soon as the name is there. */
async function writeFor(account: Account | null, path: string, text: string): Promise<void> {
  const temporary = `${path}.new-${randomBytes(4).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      if (account !== null) await file.chown(account.uid, account.gid)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** What those who watch, or did once, have outside of the state directory. */
export async function distantHomes(paths: StatePaths): Promise<string[]> {
  const names = await readdir(paths.nodes).catch(() => [])
  const folders = names
    .filter((name) => /^(prometheus|alertmanager)-\d+$/.test(name))
    .map((name) => distantDirectory(nodeDirectory(paths, name)))
  const found = await Promise.all(folders.map(exists))
  return folders.filter((_, at) => found[at])
}

export async function removeDistantHomes(paths: StatePaths): Promise<void> {
  for (const folder of await distantHomes(paths)) await rm(folder, { recursive: true, force: true })
}
