import type { System } from '@banyan/model'
import type { StatePaths } from '../../state/paths.ts'

/** An app as it was at one moment, whole: its files, its modules and what its config came to. */
export type Snapshot = {
  /** Names the content: equal for equal files, modules and config. 16 hexadecimal digits. */
  readonly digest: string
  /** `<state>/snapshots/<digest>`; the app lies in `app` inside it. */
  readonly folder: string
  /** The system with every path leading into the snapshot. */
  readonly system: System
  /** How many files and links of the app it holds, `node_modules` not counted. */
  readonly files: number
  readonly bytes: number
  /** The key of its `node_modules` in `<state>/modules`, or null for an app that has none. */
  readonly modules: string | null
  readonly takenAt: string
  /** The file that says that `build:` has run in it; whoever builds writes it. */
  readonly builtPath: string
}

export type SnapshotRequest = {
  readonly paths: StatePaths
  readonly system: System
  /** The config file that the system was read from, for messages. */
  readonly config: string
  readonly signal?: AbortSignal
  /** Called with one sentence for each part that is done. */
  readonly onProgress?: (sentence: string) => void
}

/** What one path of the app holds. Paths are relative to the root, with slashes. */
export type ManifestEntry =
  | { readonly kind: 'file'; readonly path: string; readonly hash: string; readonly runs: boolean }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** An empty one; the others follow from what is in them. */
  | { readonly kind: 'folder'; readonly path: string }

/** One `node_modules` of a snapshot. */
export type ModulesFolder = {
  readonly path: string
  /** Where it leads, for one that is a link out of the app; null for one that lies in the store. */
  readonly target: string | null
}

/** `snapshot.json`. What is in the snapshot stands beside it, in `manifest.json`: few ask for it, and it may be big. */
export type SnapshotFile = {
  readonly format: number
  readonly digest: string
  readonly takenAt: string
  /** Where the app lay when it was written: the state directory may have been moved since. */
  readonly app: string
  readonly system: System
  /** What was installed, whichever store it lies in. */
  readonly installed: string | null
  /** The key of the store. */
  readonly modules: string | null
  readonly modulesFolders: readonly ModulesFolder[]
  readonly files: number
  readonly bytes: number
}

/** `manifest.json`. */
export type ManifestFile = { readonly manifest: readonly ManifestEntry[] }

export const snapshotFormat = 1
