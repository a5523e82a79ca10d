import { createInterface } from 'node:readline/promises'
import {
  ControlClient,
  type Doomed,
  destroy,
  findControl,
  inspectStateDirectory,
  listAdopted,
  listDoomed,
  type StatePaths,
  statePaths,
  stopOffline,
  untilEnded,
  untilHolderEnded,
} from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import type { Common } from '../program.ts'

export type DownOptions = { readonly destroy: boolean; readonly yes: boolean }

/** Stops everything in order; with `destroy` deletes the data afterwards. */
export async function down({ json, directory }: Common, options: DownOptions): Promise<number> {
  const paths = statePaths(directory)
  const marker = await inspectStateDirectory(paths)
  const doomed = options.destroy ? await listDoomed(paths) : []
  const kept = options.destroy ? await listAdopted(paths) : []
  if (doomed.length > 0) {
    if (!json) process.stdout.write(describe(doomed))
    if (!options.yes && !(await confirm(json))) throw notConfirmed(doomed)
  }
  const stopped = marker === null ? [] : await stop(paths)
  if (doomed.length > 0) await destroy(paths)
  const result = { stopped, destroyed: doomed, kept }
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : say(stopped, doomed, kept))
  if (!json)
    for (const name of kept) process.stdout.write(`The adopted database ${name} stays as it is.\n`)
  return 0
}

/** Gives the names of the nodes that ran. */
async function stop(paths: StatePaths): Promise<readonly string[]> {
  const running = await findControl(paths)
  if (running === null) return await stopOffline(paths)
  try {
    const control = new ControlClient(running.socket)
    const { nodes } = await control.status()
    await control.down()
    // It answers when all is stopped, and needs a moment more to end itself.
    await untilEnded(running, 10_000)
    await untilHolderEnded(paths)
    return nodes.filter(({ pid }) => pid !== null).map(({ name }) => name)
  } catch (error) {
    // One that died meanwhile has left the rest to us; any other answer is its own.
    if (!(await untilEnded(running, diesMs))) throw error
    return await stopOffline(paths)
  }
}

/** Between the last that is heard of a process and its end. */
const diesMs = 200

function describe(doomed: readonly Doomed[]): string {
  const lines = doomed.map(({ path, what, bytes }) => `  ${path}  (${what}, ${sayBytes(bytes)})`)
  return `This deletes for good:\n${lines.join('\n')}\n`
}

/** Only a person at a terminal can be asked. */
async function confirm(json: boolean): Promise<boolean> {
  if (json || !process.stdin.isTTY || !process.stdout.isTTY) return false
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await asking.question('Delete it? [y/N] ')).trim())
  } finally {
    asking.close()
  }
}

function notConfirmed(doomed: readonly Doomed[]): BanyanError {
  return new BanyanError(
    'BANYAN_CONFIRMATION_NEEDED',
    `Nothing was stopped or deleted: ${doomed.map(({ path }) => path).join(' and ')} would be gone for good.`,
    { hint: 'Add --yes if that is meant.', details: { doomed } },
  )
}

function say(
  stopped: readonly string[],
  doomed: readonly Doomed[],
  kept: readonly string[],
): string {
  const first = stopped.length === 0 ? 'Nothing ran.' : `Stopped: ${stopped.join(', ')}.`
  const gone = kept.length === 0 ? 'The data is deleted.' : 'The state directory is deleted.'
  const second = doomed.length === 0 ? 'The data stays.' : gone
  return `${first} ${stopped.length === 0 && doomed.length === 0 ? '' : second}`
    .trimEnd()
    .concat('\n')
}

function sayBytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`
}
