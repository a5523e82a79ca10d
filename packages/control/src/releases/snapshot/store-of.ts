import type { System } from '@banyan/model'
import { hashOf } from './manifest.ts'
import type { Modules } from './modules.ts'
import type { ManifestEntry } from './types.ts'

/** Where the modules of a snapshot lie. */
export type Store = {
  /** The name of its folder in `<state>/modules`. */
  readonly key: string
  /** Whether it is this one release's, so that its build may write to it. */
  readonly isOwn: boolean
}

/** What package managers keep beside the packages. Everything else that begins with a dot is generated. */
const ofManagers = /^\.(bin|pnpm|bun|store|yarn)/

/**
 * As a rule one store for whatever has the same modules installed. But where something generated lies
 * in `node_modules` (a Prisma client) and a build may generate it anew, each release gets its own:
 * else building the next one would change the code of the one that runs.
 */
export function storeOf(
  modules: Modules,
  manifest: readonly ManifestEntry[],
  { services }: System,
): Store {
  const builds = services.some(({ build }) => build !== null)
  if (!builds || !hasGenerated(modules)) return { key: modules.key, isOwn: false }
  return { key: hashOf(modules.key + JSON.stringify(manifest)).slice(0, 16), isOwn: true }
}

function hasGenerated({ folders, list }: Modules): boolean {
  const tops = new Set(folders.map(({ path }) => path))
  return list.some(({ path, kind }) => {
    const at = path.lastIndexOf('/')
    const name = path.slice(at + 1)
    const isHidden = kind === 'folder' && name.startsWith('.') && !ofManagers.test(name)
    return isHidden && tops.has(path.slice(0, at))
  })
}
