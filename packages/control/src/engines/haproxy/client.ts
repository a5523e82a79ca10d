import { lstat, mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError, type GatewayFile } from '@banyan/model'
import { request } from '../../node-http.ts'
import { writeText } from '../../state/files.ts'
import { changesTo } from './changes.ts'
import { inspect } from './inspect.ts'
import type { HaproxyPlaces } from './places.ts'
import { askForReload, command } from './runtime.ts'
import { type HaproxySettings, haproxyFiles, shapeOf } from './settings.ts'
import { type HaproxyStatus, statusOf } from './status.ts'

const reloadTimeoutMs = 5_000
const lookEveryMs = 20
/** What one change leaves for the next is done at once; more than this, and something else is wrong. */
const roundsMax = 4

/** What a HAProxy says of itself, as a gateway would; null when it gives no answer. */
export async function askHaproxy({ runtime }: HaproxyPlaces): Promise<HaproxyStatus | null> {
  const found = await inspect(runtime)
  return found === null ? null : statusOf(found)
}

/** What each HAProxy is being told. Two at once would take the same free slot for different servers. */
const telling = new Map<string, Promise<unknown>>()

/** Brings a HAProxy to what its file says; null when it gives no answer, or has something newer. */
export async function tellHaproxy(settings: HaproxySettings): Promise<HaproxyStatus | null> {
  const { runtime } = settings.places
  const before = telling.get(runtime) ?? Promise.resolve()
  const told = before.then(async () => await bring(settings))
  const over = told.catch(() => {})
  telling.set(runtime, over)
  void over.then(() => {
    if (telling.get(runtime) === over) telling.delete(runtime)
  })
  return await told
}

async function bring(settings: HaproxySettings): Promise<HaproxyStatus | null> {
  const { file, places } = settings
  const shape = shapeOf(settings)
  for (let round = 0; round < roundsMax; round += 1) {
    const found = await inspect(places.runtime)
    if (found === null) return null
    const status = statusOf(found)
    if (status.version > file.version) return null
    const changes = changesTo(file, shape, found)
    if (changes === 'reload') await reload(settings, found.pid)
    else if (changes.commands.length === 0) return status
    else await command(places.runtime, changes.commands)
  }
  return null
}

/** Writes down everything that HAProxy reads when it starts. */
export async function writeHaproxyFiles(settings: HaproxySettings): Promise<void> {
  const { folder, sockets } = settings.places
  await mkdir(folder, { recursive: true })
  if (sockets !== folder) await makePrivate(sockets)
  for (const { path, text } of haproxyFiles(settings)) await writeText(path, text, 0o600)
}

/** Its name can be guessed, so that somebody else may have made it first. */
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = await lstat(folder)
  if (uid === process.getuid?.() && (mode & 0o077) === 0) return
  throw new BanyanError('BANYAN_STATE_UNWRITABLE', `${folder} belongs to somebody else.`, {
    hint: 'Remove it, or give the system a state directory with a shorter path (--dir).',
    details: { path: folder },
  })
}

/** The worker that runs finishes what it has, while another one accepts from the same sockets. */
async function reload(settings: HaproxySettings, pid: number): Promise<void> {
  const { places } = settings
  await writeHaproxyFiles(settings)
  await askForReload(places.master)
  const deadline = performance.now() + reloadTimeoutMs
  while (performance.now() < deadline) {
    const found = await inspect(places.runtime)
    // Its parent hears no signal before it takes commands again.
    const isHeard = found !== null && found.pid !== pid && (await isParentUp(places))
    if (isHeard) return
    await sleep(lookEveryMs)
  }
}

async function isParentUp({ master }: HaproxyPlaces): Promise<boolean> {
  return (await command(master, ['show version'])) !== null
}

/** Whether it takes requests, as its private address says. */
export async function isHaproxyReady({ listen }: GatewayFile): Promise<boolean> {
  return await new Promise((resolve) => {
    const { host, port } = listen
    const asked = request({ host, port, path: '/-/ready', agent: false, timeout: 1_000 })
    asked.once('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(false))
    asked.once('close', () => resolve(false))
    asked.end()
  })
}
