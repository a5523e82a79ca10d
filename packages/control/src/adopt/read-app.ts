import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readPackage } from '../config/read-package.ts'
import type { AppFiles } from './types.ts'

/** Folders whose content is made, downloaded, or nobody's app. */
const skipped = ['node_modules', 'dist', 'build', 'out', 'coverage', 'vendor']

const filesMax = 3_000
const bytesMax = 512 * 1024
const depthMax = 8

const isRead = (name: string): boolean =>
  /\.[cm]?[jt]s$|^\.env|compose[\w.-]*\.ya?ml$/.test(name) &&
  !/\.d\.[cm]?ts$|^\.env.*\.(example|sample|template)$/.test(name)

/** Reads what is needed to judge an app. Nothing is run, and nothing is written. */
export async function readApp(folder: string, environment: NodeJS.ProcessEnv): Promise<AppFiles> {
  const paths = await listFiles(folder, '', depthMax)
  const wanted = paths.filter((path) => isRead(path.slice(path.lastIndexOf('/') + 1)))
  const texts = new Map<string, string>()
  for (const path of wanted) {
    const text = await readText(join(folder, path))
    if (text !== null) texts.set(path, text)
  }
  return {
    folder,
    manifest: await readText(join(folder, 'package.json')),
    paths,
    texts,
    environmentUrl: environment.DATABASE_URL || null,
    hasPackage: (name) => findPackage(folder, name),
    hasProgram: readPackage(folder).hasProgram,
  }
}

async function listFiles(root: string, folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(ifMissing)
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    const left = !skipped.includes(entry.name) && !entry.name.startsWith('.')
    if (!entry.isDirectory()) found.push(path)
    else if (depth > 1 && left) found.push(...(await listFiles(root, path, depth - 1)))
    if (found.length >= filesMax) break
  }
  return found.slice(0, filesMax)
}

function ifMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return []
  throw error
}

/** Null for what is missing, no file, or too large to have been written by hand. */
async function readText(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null)
  if (found === null || !found.isFile() || found.size > bytesMax) return null
  return await readFile(path, 'utf8')
}

function findPackage(folder: string, name: string): boolean {
  if (existsSync(join(folder, 'node_modules', name, 'package.json'))) return true
  const above = dirname(folder)
  return above !== folder && findPackage(above, name)
}
