import { digestOf, hashTree } from './manifest.ts'
import { type Modules, readModules } from './modules.ts'
import type { Pace } from './pace.ts'
import { fixedPlace, holderOf, rebase } from './rebase.ts'
import type { Source } from './source.ts'
import { type Store, storeOf } from './store-of.ts'
import { readTree, type Tree } from './tree.ts'
import type { ManifestEntry } from './types.ts'

/** An app as it was when it was looked at, with the name that its content has. */
export type Sight = {
  readonly tree: Tree
  /** What is installed, and where that is to lie; null for an app without. */
  readonly modules: (Modules & { readonly store: Store }) | null
  readonly manifest: readonly ManifestEntry[]
  readonly digest: string
}

/** Reads everything where it lies. */
export async function look(source: Source, pace: Pace): Promise<Sight> {
  const tree = await readTree(source, pace)
  const found = await readModules(source, tree, pace)
  const manifest = await hashTree(source.root, tree, pace)
  const modules = found && { ...found, store: storeOf(found, manifest, source.system) }
  const system = rebase(source.system, source.root, fixedPlace, holderOf(manifest))
  return { tree, modules, manifest, digest: digestOf(manifest, found?.key ?? null, system) }
}
