import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const repository = new URL('../../../', import.meta.url).pathname
const original = join(repository, 'tests/cluster/release-app')

/** What a release of the app is like; see `release-app/src/mood.ts`. */
export type Mood = {
  readonly release: string
  readonly start: 'well' | 'crashes' | 'never'
  readonly failing: number
  readonly slowerMs: number
  readonly notes: 'legacy' | 'both' | 'filled' | 'body'
}

/** A copy of the app of `release-app`, which a test edits before each release. */
export type ReleaseApp = {
  readonly folder: string
  readonly config: string
  write(path: string, text: string): Promise<void>
  /** Its text, after which it is no longer there. */
  take(path: string): Promise<string>
  delete(path: string): Promise<void>
  /** Makes the next release one of this mood; what is not named is as in the last good one. */
  become(mood: Partial<Mood>): Promise<void>
  remove(): Promise<void>
}

const atFirst: Mood = { release: 'first', start: 'well', failing: 0, slowerMs: 0, notes: 'legacy' }

/** Its node_modules is a link to this repository's, as somebody has it who develops Banyan itself. */
export async function makeReleaseApp(): Promise<ReleaseApp> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-released-')))
  await chmod(folder, 0o755)
  await cp(original, folder, { recursive: true })
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await write(
    'package.json',
    JSON.stringify({ name: 'released', version: '1.0.0', type: 'module' }),
  )
  await write('package-lock.json', lockfile)
  let last = atFirst
  return {
    folder,
    config: join(folder, 'banyan.config.ts'),
    write,
    take: async (path) => {
      const text = await readFile(join(folder, path), 'utf8')
      await rm(join(folder, path))
      return text
    },
    delete: async (path) => await rm(join(folder, path), { recursive: true, force: true }),
    become: async (mood) => {
      const next = { ...last, start: 'well', failing: 0, slowerMs: 0, ...mood } as const
      if (isGood(next)) last = next
      await write('src/mood.ts', `export const mood = ${JSON.stringify(next)}\n`)
    },
    remove: async () => await rm(folder, { recursive: true, force: true }),
  }
}

const isGood = ({ start, failing, slowerMs }: Mood) =>
  start === 'well' && failing === 0 && slowerMs === 0

const lockfile = JSON.stringify({
  name: 'released',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: { '': { name: 'released', version: '1.0.0' } },
})
