import type { ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { StoreFile } from '@banyan/store'
import { withCompileCache } from '../compile-cache.ts'
import { spawnOwn } from '../holder/spawn.ts'
import { identify, type ProcessIdentity } from '../sites/identity.ts'
import { localSite } from '../sites/local.ts'
import { ancestorWith } from '../sites/proc.ts'
import type { Exit } from '../sites/site.ts'
import { forgiveBroken, readJson, writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'
import { isFree } from './store-port.ts'

/** `store-run.json`: the process of the store, so that the next control finds it. */
type StoreRun = {
  readonly format: 1
  /** The state directory that it was started for: a copy of the file elsewhere says nothing. */
  readonly directory: string
  readonly identity: ProcessIdentity
}

/** A store that runs; `exit` is null where somebody else is its parent. */
export type StoreProcess = {
  readonly identity: ProcessIdentity
  readonly exit: Promise<Exit> | null
}

const stopTimeoutMs = 5_000

const storeProgram = (): string => fileURLToPath(import.meta.resolve('@banyan/store/main'))

/** What every process of the store carries in its environment. */
const storeMark = ({ storeFile }: StatePaths) => ({ name: 'BANYAN_STORE', value: storeFile })

/** The store that runs for a state directory, whoever started it; null without one. */
export async function findStore(paths: StatePaths): Promise<StoreProcess | null> {
  const run = await readJson<StoreRun>(paths.storeRun).catch(forgiveBroken)
  if (run?.format === 1 && run.directory === paths.directory) {
    if (await localSite.isOurs(run.identity, storeMark(paths)))
      return { identity: run.identity, exit: null }
  }
  return await findUnrecorded(paths)
}

/** A control may die between the start and the record. To look at every process is worth it only where a port is held. */
async function findUnrecorded(paths: StatePaths): Promise<StoreProcess | null> {
  const port = (await readStoreFile(paths))?.port
  if (port === undefined || (await isFree(port))) return null
  const { name, value } = storeMark(paths)
  const pid = await ancestorWith(name, value)
  const identity = pid === null ? null : identify(pid)
  return identity === null ? null : { identity, exit: null }
}

/** What the store was told last; null where it never ran. */
export async function readStoreFile(paths: StatePaths): Promise<StoreFile | null> {
  return await readJson<StoreFile>(paths.storeFile).catch(forgiveBroken)
}

/** As it comes back from its file. */
export const asRead = (file: StoreFile): StoreFile => JSON.parse(JSON.stringify(file)) as StoreFile

export type StoreStart = {
  readonly file: StoreFile
  readonly onWord: (word: unknown) => void
  /** Absent: the store itself. */
  readonly program?: string
}

/** Starts the store as its file says. It outlives us, and is never waited for. */
export async function startStore(
  paths: StatePaths,
  { file, onWord, program = storeProgram() }: StoreStart,
): Promise<StoreProcess> {
  // On a full disk one that was told the same before starts all the same.
  const isSaid = isDeepStrictEqual(await readStoreFile(paths), asRead(file))
  if (!isSaid) await writeJson(paths.storeFile, file, 0o600)
  const child = spawnOwn({
    words: [program, paths.storeFile],
    cwd: paths.directory,
    logFile: paths.storeLog,
    environment: environmentOf(paths),
    sockets: [],
  })
  child.on('message', onWord)
  const exit = exitOf(child)
  child.unref()
  child.channel?.unref()
  const { pid } = child
  if (pid === undefined) throw new Error(String((await exit).signal ?? 'no process was to be had'))
  const identity = identify(pid) ?? { pid, startTime: 'ended' }
  const run: StoreRun = { format: 1, directory: paths.directory, identity }
  // One that is not recorded is found by its mark.
  await writeJson(paths.storeRun, run, 0o600).catch(() => {})
  return { identity, exit }
}

/** Nothing of the app's environment concerns it. */
function environmentOf(paths: StatePaths): Record<string, string> {
  const { PATH = '', TZ, NODE_COMPILE_CACHE } = withCompileCache(process.env)
  const { name, value } = storeMark(paths)
  return {
    PATH,
    NODE_ENV: 'production',
    [name]: value,
    ...(TZ !== undefined && { TZ }),
    ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }),
  }
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  return await new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ code: null, signal: message }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

/** Ends a store in order, frozen or not; returns when nothing of it is left. */
export async function stopStore(paths: StatePaths, { identity }: StoreProcess): Promise<void> {
  await localSite.stop(identity, storeMark(paths), stopTimeoutMs)
  await rm(paths.storeRun, { force: true })
}

/** Ends one that gives no answer. */
export async function killStore(paths: StatePaths, { identity }: StoreProcess): Promise<void> {
  await localSite.kill(identity, storeMark(paths))
}

/** Ends what an earlier control left running, where nobody keeps it now; says whether there was one. */
export async function stopStoreOffline(paths: StatePaths): Promise<boolean> {
  const found = await findStore(paths)
  if (found === null) return false
  await stopStore(paths, found)
  return true
}
