import { findDatabase } from './find-database.ts'
import { findDrivers, speaksPostgres } from './find-drivers.ts'
import { findFramework } from './find-framework.ts'
import { findFixedPorts, findPortOption } from './find-ports.ts'
import { findStart } from './find-start.ts'
import { type AppManifest, lineOfScript, readManifest } from './manifest.ts'
import { systemNameOf } from './system-name.ts'
import type { Adoption, AppFiles, Note } from './types.ts'

/** Says what a folder is, by what was read of it alone. Everything that is in the way is said at once. */
export function judgeApp(files: AppFiles): Adoption {
  const { folder, manifest: text } = files
  if (text === null) {
    const others = files.paths.filter((path) => !isHarmless(path))
    if (others.length > 0) return refuse(noManifest(others))
    return { kind: 'empty', name: systemNameOf(null, folder), manifest: null }
  }
  const manifest = tryRead(text)
  if ('file' in manifest) return refuse(manifest)
  if (isBare(manifest, files))
    return { kind: 'empty', name: systemNameOf(manifest.name, folder), manifest: text }
  return judgeManifest(manifest, files)
}

function judgeManifest(manifest: AppManifest, files: AppFiles): Adoption {
  const { start, notes } = findStart(manifest, files)
  if (start === null) return { kind: 'refused', faults: notes }
  const { database, notes: databaseNotes } = findDatabase(files)
  const ports = [...files.texts]
    .filter(([path]) => !isTest(path))
    .flatMap(([path, text]) => findFixedPorts(path, text))
  return {
    kind: 'app',
    name: systemNameOf(manifest.name, files.folder),
    framework: findFramework(manifest.dependencies),
    start,
    database,
    needsDatabase: database === null && speaksPostgres(manifest) && databaseNotes.length === 0,
    drivers: findDrivers(manifest, files),
    warnings: [...notes, ...ports, ...portOption(manifest), ...databaseNotes],
  }
}

const refuse = (fault: Note): Adoption => ({ kind: 'refused', faults: [fault] })

function tryRead(text: string): AppManifest | Note {
  try {
    return readManifest(text)
  } catch (error) {
    const what = `package.json cannot be read: ${(error as Error).message}.`
    return { file: 'package.json', line: null, what, mend: 'Correct it: npm pkg get name' }
  }
}

/** What lies in a folder before anybody has written an app into it. */
const harmless =
  /^(\.[^/]*|node_modules|package-lock\.json|npm-shrinkwrap\.json|readme(\.\w+)?|licen[cs]e(\.\w+)?)(\/|$)/i

const isHarmless = (path: string): boolean => harmless.test(path)

/** A `package.json` as `npm init` makes it, with nothing beside it that could be an app. */
function isBare({ scripts, text }: AppManifest, { paths }: AppFiles): boolean {
  const others = paths.filter((path) => path !== 'package.json' && !isHarmless(path))
  const own = Object.entries(scripts).filter(
    ([name, command]) => name !== 'test' || !command.includes('no test specified'),
  )
  return others.length === 0 && own.length === 0 && !/"workspaces"\s*:/.test(text)
}

function noManifest(others: readonly string[]): Note {
  const some = others.slice(0, 3).join(', ')
  const more = others.length > 3 ? ` and ${others.length - 3} more` : ''
  return {
    file: 'package.json',
    line: null,
    what: `There is no package.json in the folder, but it is not empty either (${some}${more}).`,
    mend: 'For an app that exists: npm init, then add "start" to its scripts. For a new app: banyan init NAME, which makes a folder.',
  }
}

function portOption({ scripts, text }: AppManifest): readonly Note[] {
  const port = findPortOption(scripts.start ?? '')
  if (port === null) return []
  return [
    {
      file: 'package.json',
      line: lineOfScript(text, 'start'),
      what: `The script start names port ${port}; Banyan gives the app one in PORT and waits for it there.`,
      mend: 'Leave the port out of the script, so that PORT decides.',
    },
  ]
}

const isTest = (path: string): boolean =>
  /(^|\/)(tests?|spec|__tests__|e2e)\/|\.(test|spec)\.[cm]?[jt]sx?$/.test(path)
