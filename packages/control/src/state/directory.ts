import { constants } from 'node:fs'
import { access, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BanyanError } from '@banyan/model'
import { readJson, writeJson } from './files.ts'
import type { StatePaths } from './paths.ts'

/** `banyan.json`: what this folder is. */
export type StateMarker = {
  readonly format: number
  readonly system: string
  readonly madeAt: string
}

const stateFormat = 1

/** What the first moment of an interrupted `up` may leave behind; it is ours although no marker says so. */
const leftovers = /^(\.gitignore|banyan\.json\.new-[0-9a-f]+)$/

/**
 * Reads what a state directory is, and changes nothing: null where it is absent or empty, its marker
 * where it is ours. A folder of somebody else, or of a newer Banyan, is refused.
 */
export async function inspectStateDirectory(paths: StatePaths): Promise<StateMarker | null> {
  const names = await namesIn(paths.directory)
  if (names === null) return null
  if (names.includes('banyan.json')) return checkMarker(paths, await readJson(paths.marker))
  if (names.every((name) => leftovers.test(name))) return null
  throw new BanyanError(
    'BANYAN_STATE_FOREIGN',
    `${paths.directory} is not a state directory of Banyan: it holds ${describe(names)} and no banyan.json.`,
    { hint: 'Name another folder with --dir, or move this one away. Nothing was changed.' },
  )
}

async function namesIn(directory: string): Promise<string[] | null> {
  return await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    if (error.code !== 'ENOTDIR') throw unusable(directory, error)
    throw new BanyanError('BANYAN_STATE_FOREIGN', `${directory} is a file, not a folder.`, {
      hint: 'Name a folder with --dir, or move the file away. Nothing was changed.',
    })
  })
}

function describe(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name))
  return names.length > 3 ? `${shown.join(', ')} and ${names.length - 3} more` : shown.join(', ')
}

function checkMarker(paths: StatePaths, marker: Partial<StateMarker> | null): StateMarker {
  const { format, system } = marker ?? {}
  if (typeof format === 'number' && format > stateFormat) {
    throw new BanyanError(
      'BANYAN_STATE_NEWER',
      `${paths.marker} has format ${format}; this version of Banyan knows formats up to ${stateFormat}.`,
      { hint: 'Use the version of Banyan that made it, or a newer one. Nothing was changed.' },
    )
  }
  if (format === stateFormat && typeof system === 'string') return marker as StateMarker
  throw new BanyanError('BANYAN_STATE_BROKEN', `${paths.marker} names no format and system.`, {
    hint: `Restore it from a backup, or move ${paths.directory} away to begin anew. Nothing was changed.`,
  })
}

/** A state directory belongs to one system for good: its data must not be taken for another's. */
export function checkSystemName(paths: StatePaths, marker: StateMarker | null, name: string): void {
  if (marker === null || marker.system === name) return
  throw new BanyanError(
    'BANYAN_STATE_OTHER_SYSTEM',
    `${paths.directory} belongs to the system "${marker.system}", but the config is of "${name}".`,
    {
      hint: `Name another folder with --dir, or write name: '${marker.system}' in the config. Nothing was changed.`,
      details: { recorded: marker.system, config: name },
    },
  )
}

/** Whether the folder, or the one that it would be made in, can be written to. */
export async function checkWritable(paths: StatePaths): Promise<void> {
  let directory = paths.directory
  for (;;) {
    const found = await stat(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && dirname(directory) !== directory) return null
      throw unusable(paths.directory, error)
    })
    if (found !== null) break
    directory = dirname(directory)
  }
  await access(directory, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw unusable(paths.directory, error)
  })
}

/** Makes the directory, or completes a half-made one. The marker comes first: it says whose it is. */
export async function makeStateDirectory(paths: StatePaths, system: string): Promise<void> {
  try {
    await mkdir(paths.directory, { recursive: true })
    if ((await inspectStateDirectory(paths)) === null) {
      const marker: StateMarker = {
        format: stateFormat,
        system,
        madeAt: new Date().toISOString(),
      }
      await writeJson(paths.marker, marker)
    }
    await writeFile(paths.ignore, '*\n')
    await mkdir(paths.nodes, { recursive: true })
    await mkdir(paths.logs, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw BanyanError.is(error) ? error : unusable(paths.directory, error)
  }
}

function unusable(directory: string, cause: unknown): BanyanError {
  const { code, message } = cause as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new BanyanError(
    'BANYAN_STATE_UNWRITABLE',
    `The state directory ${directory} cannot be written: ${full ? 'the disk is full' : message}.`,
    {
      hint: full
        ? 'Free space on that disk, or name a folder on another one with --dir.'
        : 'Name a folder that you can write to with --dir, or mend its permissions.',
      cause,
    },
  )
}
