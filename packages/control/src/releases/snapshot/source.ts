import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { System } from '@banyan/model'
import { modulesCache } from './places.ts'
import { findRoot, type Root } from './root.ts'

/** What is released: the root and what is not taken from it. */
export type Source = Root & {
  readonly system: System
  /** Absolute paths that are never taken: where state lies. */
  readonly excluded: ReadonlySet<string>
  /** Absolute paths that are taken although a rule ignores them. */
  readonly kept: ReadonlySet<string>
}

/** Finds the root of a system's code, and what to leave out of it. */
export function openSource(system: System, stateDirectory: string): Source {
  const root = findRoot(system.root)
  const excluded = new Set([stateDirectory, modulesCache() ?? stateDirectory])
  return { ...root, system, excluded, kept: new Set(settingsFiles(system.root, root.root)) }
}

/**
 * `.env` files are ignored because they hold secrets, not because the app does without them: on this
 * machine they are how it is set up, and a release that lacked them would not start.
 */
function settingsFiles(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name === '.env' || name.startsWith('.env.'))
      .map((name) => join(folder, name)),
  )
}
