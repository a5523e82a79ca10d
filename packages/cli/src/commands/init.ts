import { mkdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type AdoptedApp, type AppFiles, configOf, judgeApp, readApp } from '@banyan/control/api'
import { findConfig } from '../find-config.ts'
import { type Change, makeChanges } from '../init/change.ts'
import { ignoreState } from '../init/git-ignore.ts'
import { newApp } from '../init/new-app.ts'
import { findOrigin, type Origin } from '../init/origin.ts'
import { configExists, refusal } from '../init/refusal.ts'
import { sayAdopted, sayChanges, sayNext, sayWarnings } from '../init/say.ts'
import type { Common } from '../program.ts'

export type InitOptions = {
  readonly folder: string
  /** Folder with the packages as tarballs; null for where this command came from. */
  readonly packages: string | null
  readonly dryRun: boolean
}

/** What is to be done in a folder, decided before anything is. */
type Intent = {
  readonly kind: 'app' | 'new'
  readonly name: string
  readonly app: AdoptedApp | null
  readonly changes: readonly Change[]
  readonly next: readonly string[]
}

/** Takes in the app in a folder, or makes a small new one in an empty one. */
export async function init({ json }: Common, options: InitOptions): Promise<number> {
  const folder = resolve(options.folder)
  await checkFolder(folder)
  const intent = await decide(folder, options)
  if (!options.dryRun) {
    await mkdir(folder, { recursive: true })
    await makeChanges(folder, intent.changes)
  }
  process.stdout.write(json ? jsonOf(folder, intent, options.dryRun) : say(intent, options.dryRun))
  return 0
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null)
  if (found !== null && !found.isDirectory())
    throw refusal([
      {
        file: folder,
        line: null,
        what: 'This is a file.',
        mend: 'Name a folder: banyan init FOLDER',
      },
    ])
  const config = findConfig(folder)
  if (config !== null) throw configExists(config)
}

async function decide(folder: string, options: InitOptions): Promise<Intent> {
  const files = await readApp(folder, process.env)
  const adoption = await judgeApp(files)
  if (adoption.kind === 'refused') throw refusal(adoption.faults)
  const origin = await findOrigin(options.packages)
  if (adoption.kind === 'app') return await takeIn(adoption, files, origin)
  const { name, manifest } = adoption
  const made = await newApp({ name, folder, manifest, origin })
  const ignored = made.some(({ path }) => path === '.gitignore') ? null : await ignore(folder)
  const changes = ignored === null ? made : [...made, ignored]
  return { kind: 'new', name, app: null, changes, next: nextForNew(folder) }
}

async function takeIn(app: AdoptedApp, files: AppFiles, origin: Origin): Promise<Intent> {
  const config = configOf(app, files)
  const ignored = await ignore(files.folder)
  const changes: Change[] = [{ path: config.name, action: 'write', text: config.text }]
  if (ignored !== null) changes.push(ignored)
  return { kind: 'app', name: app.name, app, changes, next: nextForApp(app, files, origin) }
}

async function ignore(folder: string): Promise<Change | null> {
  return ignoreState(await readFile(join(folder, '.gitignore'), 'utf8').catch(() => null))
}

function nextForNew(folder: string): readonly string[] {
  const way = relative(process.cwd(), folder)
  return [
    ...(way === '' ? [] : [`cd ${way}`]),
    'npm install',
    'npx banyan dev                        starts it, and restarts it on every change',
    'npx banyan exec --fresh -- npm test   runs its tests on a database of their own',
  ]
}

function nextForApp({ drivers }: AdoptedApp, files: AppFiles, origin: Origin): readonly string[] {
  const installed = files.hasProgram('banyan')
  const fromClone = !installed && origin.kind === 'clone'
  const banyan = fromClone ? `node ${origin.program}` : 'npx banyan'
  return [
    ...(installed || fromClone ? [] : [`npm install --save-dev ${specsOf(origin)}`]),
    `${banyan} up       starts it on http://127.0.0.1:8080`,
    `${banyan} dev      starts it, and restarts it on every change`,
    `${banyan} doctor   says what in it would be in the way of growing`,
    ...drivers.map(({ name, next }) => `later, for ${name}: ${next}`),
  ]
}

function specsOf(origin: Origin): string {
  if (origin.kind === 'tarballs')
    return [...origin.files.values()].map((file) => relative(process.cwd(), file)).join(' ')
  return '@banyan/cli'
}

function jsonOf(folder: string, { app, changes, ...intent }: Intent, dryRun: boolean): string {
  const files = changes.map(({ path, action, text }) => ({ path, action, ...(dryRun && { text }) }))
  const found = app && { ...app, kind: undefined, name: undefined }
  return `${JSON.stringify({ ...intent, folder, dryRun, files, ...found, kind: intent.kind })}\n`
}

function say({ app, name, changes, next }: Intent, dryRun: boolean): string {
  const head = app === null ? [`${name}: a new app.`] : sayAdopted(app)
  const warnings = app === null ? [] : sayWarnings(app)
  const blank = warnings.length > 0 ? [''] : []
  const lines = [
    ...head,
    '',
    ...sayChanges(changes, dryRun),
    ...blank,
    ...warnings,
    ...sayNext(next),
  ]
  return `${lines.join('\n')}\n`
}
