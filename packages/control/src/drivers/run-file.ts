import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { identify, type ProcessIdentity } from '../sites/identity.ts'
import { ancestorWith } from '../sites/proc.ts'
import type { Started } from '../sites/site.ts'
import { forgiveBroken, readJson, writeJson } from '../state/files.ts'
import { nodeDirectory, type StatePaths } from '../state/paths.ts'

/** `nodes/<node>/run.json`: the process that was started last, so that the next control finds it. */
export type RunFile = {
  readonly format: 1
  /** The state directory that it was started for: a copy of the file elsewhere says nothing. */
  readonly directory: string
  readonly identity: ProcessIdentity
  readonly startedAt: string
  /** Tells whether the process was started as it would be started now. */
  readonly fingerprint: string
  readonly release: string | null
  /** The public addresses whose sockets it was given; absent where it got none. */
  readonly publicPlace?: string
}

/** The public sockets as nodes are given them: descriptors of this process, and where they are bound. */
export type PublicSockets = { readonly fds: readonly number[]; readonly place: string }

/** Whether a process that runs accepts where an entry node is to accept now. */
export function acceptsAt({ publicPlace }: RunFile, sockets: PublicSockets | null): boolean {
  return sockets === null || publicPlace === sockets.place
}

/** A record as it lies in the file: before a start it has a token in place of an identity. */
type Written = Omit<RunFile, 'identity'> & {
  readonly identity: ProcessIdentity | null
  readonly token?: string
}

/**
 * What was started last for this state directory; null where the file came from another one, and where
 * control died before anything was started.
 */
export async function readRunFile(paths: StatePaths, node: string): Promise<RunFile | null> {
  // What a damaged one started is found by its mark, as what has none is.
  const file = await readJson<Partial<Written>>(pathOf(paths, node)).catch(forgiveBroken)
  if (file?.format !== 1 || file.identity === undefined) return null
  if (file.identity !== null && typeof file.identity.pid !== 'number') return null
  if (file.directory !== paths.directory) return null
  if (file.identity !== null) return file as RunFile
  const pid = file.token === undefined ? null : await ancestorWith(tokenName, file.token)
  const identity = pid === null ? null : identify(pid)
  return identity === null ? null : ({ ...file, identity } as RunFile)
}

export async function writeRunFile(
  paths: StatePaths,
  node: string,
  facts: Omit<RunFile, 'format' | 'directory'>,
): Promise<void> {
  await write(paths, node, facts)
}

/** What the process of one start carries in its environment. */
const tokenName = 'BANYAN_START'

/**
 * Starts a process that the next control finds, also when this one dies in the very moment: what is
 * about to be started is written down first, with a token that the process carries.
 */
export async function startRecorded(
  paths: StatePaths,
  node: string,
  facts: Omit<RunFile, 'format' | 'directory' | 'identity'>,
  start: (environment: Readonly<Record<string, string>>) => Promise<Started>,
): Promise<Started> {
  const token = randomBytes(12).toString('base64url')
  await write(paths, node, { ...facts, identity: null, token })
  const started = await start({ [tokenName]: token })
  await write(paths, node, { ...facts, identity: started.identity })
  return started
}

async function write(
  paths: StatePaths,
  node: string,
  facts: Omit<Written, 'format' | 'directory'>,
): Promise<void> {
  const file: Written = { format: 1, directory: paths.directory, ...facts }
  await writeJson(pathOf(paths, node), file)
}

/** The file that a service process of the node is told to read. */
export function runtimeFileOf(paths: StatePaths, node: string): string {
  return join(nodeDirectory(paths, node), 'system.json')
}

/** What every process of a node carries in its environment, so that all of them can be found. */
export function markOf(paths: StatePaths, node: string): { name: string; value: string } {
  return { name: 'BANYAN_SYSTEM', value: runtimeFileOf(paths, node) }
}

function pathOf(paths: StatePaths, node: string): string {
  return join(nodeDirectory(paths, node), 'run.json')
}
