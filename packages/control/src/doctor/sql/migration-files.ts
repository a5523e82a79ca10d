import { readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { System } from '@banyan/model'
import { listNames } from '../../migrations/names.ts'
import { findFiles } from '../sources/find-files.ts'
import type { ReadPatterns } from '../sources/ignore-rules.ts'
import type { Limits, NotRead } from '../sources/limits.ts'

export type MigrationTexts = {
  readonly files: readonly { readonly file: string; readonly sql: string }[]
  readonly notRead: readonly NotRead[]
}

/** The SQL files that make the schema: the config's, else those that the app's own tool keeps. */
export async function readMigrationTexts(
  system: System,
  options: { readonly readPatterns: ReadPatterns; readonly limits: Limits },
): Promise<MigrationTexts> {
  if (system.data === null) return { files: [], notRead: [] }
  const found =
    system.data.migrations === null
      ? await findOwn(system, options)
      : { files: await declared(system.data.migrations), notRead: [] }
  const files: { file: string; sql: string }[] = []
  const notRead = [...found.notRead]
  for (const file of found.files) {
    const bytes = (await stat(file).catch(() => null))?.size ?? 0
    if (bytes > options.limits.bytesPerFile)
      notRead.push({ path: file, why: `it has ${bytes} bytes` })
    else files.push({ file, sql: await readText(file, notRead) })
  }
  return { files, notRead }
}

async function readText(file: string, notRead: NotRead[]): Promise<string> {
  return await readFile(file, 'utf8').catch((error: Error) => {
    notRead.push({ path: file, why: error.message })
    return ''
  })
}

/** As they run: by number, not by letter. */
async function declared(folder: string): Promise<string[]> {
  const names = await listNames(folder).catch(() => [])
  const number = (name: string) => Number.parseInt(name, 10) || 0
  return names.toSorted((a, b) => number(a) - number(b)).map((name) => join(folder, name))
}

/** `migrations/`, `drizzle/`, `prisma/migrations/`: what undoes a migration is left out. */
async function findOwn(
  system: System,
  options: { readonly readPatterns: ReadPatterns; readonly limits: Limits },
) {
  const isMigration = (path: string) => {
    const inside = `/${relative(system.root, path)}`
    return (
      inside.endsWith('.sql') &&
      /\/(migrations?|drizzle|migrate)\//.test(inside) &&
      !/[./_-](down|undo|rollback)[./_-]/.test(inside)
    )
  }
  return await findFiles(system.root, isMigration, options)
}
