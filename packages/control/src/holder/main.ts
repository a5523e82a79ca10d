import { readFileSync } from 'node:fs'
import type { UpSettings } from '../api/types.ts'
import { type Lock, takeLock } from '../state/lock.ts'
import { type StatePaths, statePaths } from '../state/paths.ts'
import { type BindFailure, type Bound, bindPublic } from './bind.ts'
import { claimAddress } from './claim.ts'
import { writeHolderFile } from './holder-file.ts'
import { ControlKeeper } from './keep-control.ts'
import { log } from './log.ts'
import { alreadyHeld, type PublicAddress, unbindable, unusable } from './refusals.ts'
import { say } from './watch.ts'
import { type FirstWord, type HolderTask, inheritedSockets } from './words.ts'

/*
 * The holder: `node main.ts STATE_DIRECTORY TASK`. It holds the public sockets, bound and never
 * accepted from, and keeps a control running. It knows nothing else, so that there is little that it
 * can die of, and loads little: it is there as long as the system is.
 */

/** Holds until no control is wanted any more. Ends the process. */
export async function runHolder(directory: string, task: HolderTask): Promise<void> {
  // The one who started us may end at any moment, and so may the log.
  process.on('disconnect', () => {})
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  const paths = statePaths(directory)
  const lock = takeLockOf(paths)
  if (!('isThere' in lock)) return await refuse(lock)
  process.title = `banyan holder ${directory}`
  const sockets = await takeSockets(paths, task)
  if ('kind' in sockets) return await refuse(sockets)
  if (!tryToWrite(paths) && task.kind === 'start') return await refuse(unusable(paths.directory))
  await hold(paths, lock, task, sockets)
  // Its file stays: by it those who stop the system see the very end of this process.
  lock.release()
  process.exit(0)
}

async function hold(
  paths: StatePaths,
  lock: Lock,
  task: HolderTask,
  sockets: readonly Bound[],
): Promise<void> {
  const keeper = new ControlKeeper({
    paths,
    lock,
    sockets: sockets.map(({ fd }) => fd),
    ready: task.kind === 'join' && task.ready,
    onFirstWord: (word) => void passOn(word),
    onStart: () => void tryToWrite(paths),
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => keeper.end())
  }
  if (task.kind === 'start') return await keeper.run()
  void say(process, { kind: 'holding' })
  await keeper.join(process, task.control)
}

function takeLockOf(paths: StatePaths): Lock | FirstWord {
  try {
    return takeLock(paths.holderLock) ?? alreadyHeld(paths.directory)
  } catch (error) {
    return unusable(paths.directory, (error as Error).message)
  }
}

/** One socket for each public address, in the order in which everybody passes them on. */
async function takeSockets(
  paths: StatePaths,
  task: HolderTask,
): Promise<readonly Bound[] | FirstWord> {
  const addresses = addressesOf(readSettings(paths))
  if (task.kind === 'join') {
    const held = inheritedSockets(task.sockets)
    for (const { host, port } of addresses) await claimAddress(host, port).catch(() => false)
    return held.map((fd) => ({ fd, handle: null }))
  }
  const sockets: Bound[] = []
  for (const address of addresses) {
    const socket = await bindOne(address, task.beside.includes(address.port))
    if ('kind' in socket) return socket
    sockets.push(socket)
  }
  return sockets
}

async function bindOne(address: PublicAddress, beside: boolean): Promise<Bound | FirstWord> {
  const { host, port } = address
  if (!(await claimAddress(host, port).catch(() => true))) return unbindable(address, inUse)
  const bound = await bindPublic({ host, port, beside }).catch(failureOf)
  return 'fd' in bound ? bound : unbindable(address, bound)
}

function addressesOf(settings: Settings | null): PublicAddress[] {
  if (settings?.socket !== true) return []
  const { host, port, tcp = [] } = settings
  return [{ host, port, isOwn: true }, ...tcp.map((other) => ({ host, port: other, isOwn: false }))]
}

const inUse: BindFailure = { code: 'EADDRINUSE', message: 'address already in use' }

type Settings = Pick<UpSettings, 'host' | 'port' | 'socket' | 'tcp'>

/** What `up` has written a moment ago; whatever is wrong with it, control says it better. */
function readSettings({ settings }: StatePaths): Settings | null {
  try {
    return JSON.parse(readFileSync(settings, 'utf8'))
  } catch {
    return null
  }
}

function failureOf(error: NodeJS.ErrnoException): BindFailure {
  return { code: error.code ?? 'EINVAL', message: error.message }
}

/** Without its file a holder still holds; it is only harder to find. */
function tryToWrite(paths: StatePaths): boolean {
  try {
    writeHolderFile(paths)
    return true
  } catch (error) {
    log('holder.json was not written', { reason: (error as Error).message })
    return false
  }
}

async function refuse(word: FirstWord): Promise<never> {
  log('the holder does not begin', { word })
  await passOn(word)
  process.exit(1)
}

/** To the one that started us, who then may let go. */
async function passOn(word: FirstWord): Promise<void> {
  await say(process, word)
  if (process.connected) process.disconnect()
}

// Others import this file to have it compiled; only the process that was started with it runs it.
if (process.argv[1] === import.meta.filename) {
  await runHolder(process.argv[2] ?? '.banyan', JSON.parse(process.argv[3] ?? '{}'))
}
