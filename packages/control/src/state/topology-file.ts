import { BanyanError, emptyTopology, rungs, sayList, type Topology } from '@banyan/model'
import { brokenFile, readJson } from './files.ts'
import type { StatePaths } from './paths.ts'

/** The topology that was recorded last; the empty one where nothing was started yet. */
export async function readTopology({ topology: path }: StatePaths): Promise<Topology> {
  const found = await readJson<Partial<Topology>>(path)
  if (found === null) return emptyTopology
  const { version, rungs, hosts, nodes } = found
  const isOurs =
    typeof version === 'number' && areTexts(rungs) && areNamed(hosts) && areNamed(nodes)
  if (!isOurs) throw brokenFile(path, 'is not the record of a topology')
  return found as Topology
}

/** A later version knows more rungs: nobody named them here, so that it is not a matter of spelling. */
export function checkRungsKnown(
  { topology: path }: StatePaths,
  recorded: Pick<Topology, 'rungs'>,
): void {
  const known = rungs.map(({ name }) => name)
  const unknown = recorded.rungs.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new BanyanError(
    'BANYAN_STATE_NEWER',
    `${path} records the rung ${sayList(unknown)}; this version of Banyan knows ${sayList(known)}.`,
    {
      hint: 'Use the version of Banyan that made it, or a newer one. Nothing was changed.',
      details: { path, unknown, known },
    },
  )
}

const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

const areNamed = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one?.name === 'string')
