import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile } from './compile.ts'
import { type Manifest, publishedManifest } from './manifest.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** What is published; in the order of their dependencies, so that each could be installed in turn. */
export const publishedPackages = [
  'model',
  'postgres',
  'banyan',
  'gateway',
  'store',
  'control',
  'prove',
  'cli',
] as const

/**
 * Builds every published package and packs it, and returns the paths of the tarballs. Workspaces run
 * from their TypeScript, but Node strips no types below node_modules: what is published is JavaScript.
 */
export async function packAll(out: string): Promise<string[]> {
  const stage = await mkdtemp(join(tmpdir(), 'banyan-pack-'))
  try {
    await run(process.execPath, [join(root, 'scripts/bootstrap/console.mjs')])
    await compile(root, publishedPackages, stage)
    await mkdir(out, { recursive: true })
    const tarballs: string[] = []
    for (const name of publishedPackages) tarballs.push(await packOne(name, stage, out))
    return tarballs
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

async function packOne(name: string, stage: string, out: string): Promise<string> {
  const [source, target] = [join(root, 'packages', name), join(stage, name)]
  const manifest = await readManifest(source)
  const published = publishedManifest(manifest, await readManifest(root))
  await writeFile(join(target, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  await cp(join(root, 'LICENSE'), join(target, 'LICENSE'))
  await copyIfThere(join(source, 'README.md'), join(target, 'README.md'))
  await copyIfThere(join(source, 'templates'), join(target, 'templates'))
  // Control serves the console, so that its built files come with it.
  if (name === 'control') await copyConsole(join(target, 'console'))
  for (const bin of Object.values(manifest.bin ?? {})) await copyBin(source, target, bin)
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', out], {
    cwd: target,
  })
  return join(out, tarballOf(JSON.parse(stdout)))
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
}

/** npm 10 and 11 answer with a list, later ones with an object by package name. */
function tarballOf(answer: Record<string, { filename: string }>): string {
  const [packed] = Object.values(answer)
  if (packed === undefined) throw new Error('npm pack has packed nothing.')
  return packed.filename
}

/** A command is plain JavaScript already; only what it imports has moved. */
async function copyBin(source: string, target: string, bin: string): Promise<void> {
  const text = await readFile(join(source, bin), 'utf8')
  const moved = text.replaceAll(/(['"])\.\.\/src\/([\w./-]+)\.ts\1/g, '$1../dist/$2.js$1')
  await mkdir(join(target, bin, '..'), { recursive: true })
  await writeFile(join(target, bin), moved, { mode: 0o755 })
}

async function copyConsole(target: string): Promise<void> {
  await cp(join(root, 'apps/console/dist'), target, {
    recursive: true,
    filter: (path) => !path.endsWith('.sources'),
  })
}

async function copyIfThere(source: string, target: string): Promise<void> {
  await cp(source, target, { recursive: true }).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
}
