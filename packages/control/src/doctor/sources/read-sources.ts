import { basename, relative, sep } from 'node:path'
import { isPublic, type Service, type System } from '@banyan/model'
import { entriesOf, isCode } from './entry.ts'
import { findFiles } from './find-files.ts'
import { follow, type Reached } from './follow.ts'
import type { ReadPatterns } from './ignore-rules.ts'
import type { Limits, NotRead } from './limits.ts'
import { makeReader, type Reader } from './reader.ts'
import type { Source } from './source.ts'

export type ReadSources = {
  readonly sources: readonly Source[]
  readonly web: readonly Source[]
  readonly files: number
  readonly notRead: readonly NotRead[]
  /** How the code of each service was found. */
  readonly services: readonly {
    readonly name: string
    /** `imports`: what its entry reaches. `folder`: all code of the folder, for want of better. */
    readonly by: 'imports' | 'folder'
  }[]
}

/** Reads the code of every service. */
export async function readSources(
  system: System,
  options: { readonly readPatterns: ReadPatterns; readonly limits: Limits },
): Promise<ReadSources> {
  const reader = makeReader(options.limits)
  const notRead: NotRead[] = []
  let folder: Promise<readonly Source[]> | null = null
  const wholeFolder = () => {
    folder ??= readFolder(system, reader, options, notRead)
    return folder
  }
  const found = await Promise.all(
    system.services.map(async (service) => ({
      service,
      ...(await reach(service, system.root, reader)),
    })),
  )
  const web = new Set<Source>()
  const all = new Set<Source>()
  for (const { service, sources, whole } of found) {
    const its = whole ? sources : [...sources, ...(await wholeFolder())]
    for (const source of its) {
      all.add(source)
      if (isPublic(service)) web.add(source)
    }
  }
  return {
    sources: [...all],
    web: [...web],
    files: reader.count(),
    notRead: [...reader.notRead, ...notRead],
    services: found.map(({ service, whole }) => ({
      name: service.name,
      by: whole ? 'imports' : 'folder',
    })),
  }
}

async function reach(service: Service, root: string, reader: Reader): Promise<Reached> {
  const entries = await entriesOf(service, root)
  return entries.length === 0 ? { sources: [], whole: false } : await follow(entries, reader)
}

/** Code that is there to test, to build or to look at, not to serve. */
const besides =
  /(^|\/)(tests?|__tests__|__mocks__|e2e|spec|cypress|fixtures|examples?|docs|scripts|bin|tools|bench(marks)?|seeds?|migrations|drizzle|dist|build|out|coverage|public|static|assets|vendor)(\/|$)/i
const besideNames = /\.(test|spec|stories|bench|config|setup|min)\.[mc]?[jt]sx?$/i

async function readFolder(
  system: System,
  reader: Reader,
  options: { readonly readPatterns: ReadPatterns; readonly limits: Limits },
  notRead: NotRead[],
): Promise<readonly Source[]> {
  const wanted = (path: string) => {
    const inside = relative(system.root, path).split(sep).join('/')
    const folder = inside.slice(0, -basename(inside).length)
    return isCode(path) && !besides.test(folder) && !besideNames.test(path)
  }
  const found = await findFiles(system.root, wanted, options)
  notRead.push(...found.notRead)
  const sources: Source[] = []
  for (const path of found.files) {
    if (system.assets !== null && path.startsWith(`${system.assets}/`)) continue
    const source = await reader.read(path)
    if (source !== null) sources.push(source)
  }
  return sources
}
