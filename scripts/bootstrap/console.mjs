// The web console is built when its sources are other than those of its last build. Also a program of its own:
// `node scripts/bootstrap/console.mjs`.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeOf } from './hand-over.mjs'

/** What the built files follow from: the console's own sources, what they import of ours, and the lockfile. */
const sources = [
  'apps/console/index.html',
  'apps/console/package.json',
  'apps/console/vite.config.ts',
  'apps/console/public',
  'apps/console/src',
  'packages/model/src',
  'packages/store/src/api',
  'package-lock.json',
]

/**
 * Builds the console where it is missing or old. One that cannot be built is said, and is no failure: the system
 * runs without it, and its page says how to build it.
 */
export function ensureConsole(root) {
  try {
    const digest = digestOf(root)
    if (isBuilt(root, digest)) return true
    build(root, digest)
    return true
  } catch (error) {
    console.error(`The web console was not built: ${error.message}`)
    return false
  }
}

const distOf = (root) => join(root, 'apps/console/dist')
const stampOf = (folder) => join(folder, '.sources')

function isBuilt(root, digest) {
  try {
    const dist = distOf(root)
    return existsSync(join(dist, 'index.html')) && readFileSync(stampOf(dist), 'utf8') === digest
  } catch {
    return false
  }
}

/** Of names and contents: what git does to the times of files means nothing. */
function digestOf(root) {
  const hash = createHash('sha256')
  for (const file of sources.flatMap((path) => filesIn(root, path))) {
    if (/\.test\.tsx?$/.test(file)) continue
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesIn(root, path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  try {
    const entries = readdirSync(full, { withFileTypes: true })
    const inside = entries.flatMap(({ name }) => filesIn(root, `${path}/${name}`))
    return inside.sort()
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path]
    throw error
  }
}

/** Built beside and put in place whole: a control that starts meanwhile finds the old files or the new ones. */
function build(root, digest) {
  const dist = distOf(root)
  const fresh = join(root, 'node_modules', `.banyan-console-${process.pid}`)
  const old = `${fresh}-old`
  try {
    runVite(root, fresh)
    writeFileSync(stampOf(fresh), digest)
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(fresh, dist)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
}

function runVite(root, out) {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  if (!existsSync(vite)) throw new Error('vite is not installed; run npm ci')
  const words = [vite, 'build', '--outDir', out, '--emptyOutDir', '--logLevel', 'warn']
  const cwd = join(root, 'apps/console')
  const { status, stdout, stderr, error } = spawnSync(nodeOf(root), words, {
    cwd,
    encoding: 'utf8',
    // Whoever starts a test run says so in the environment, and means his own process.
    env: { ...process.env, NODE_ENV: 'production' },
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`vite build ended with ${status}.\n${stdout}${stderr}`.trim())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
  process.exitCode = ensureConsole(root) ? 0 : 1
}
