import {
  ControlClient,
  inspectStateDirectory,
  type ReleaseList,
  type ReleaseStatus,
  releasesOffline,
  statePaths,
} from '@banyan/control/api'
import { type Colour, paint } from '../paint.ts'
import type { Common } from '../program.ts'
import { table } from '../table.ts'

/** Shows every release that was asked for, newest first, also when nothing runs. */
export async function releaseList({ json, directory }: Common): Promise<number> {
  const paths = statePaths(directory)
  await inspectStateDirectory(paths)
  const control = await ControlClient.find(paths)
  const list = control === null ? await releasesOffline(paths) : await control.releases()
  process.stdout.write(json ? `${JSON.stringify(list)}\n` : describe(list))
  return 0
}

function describe({ releases, undo }: ReleaseList): string {
  if (releases.length === 0) return 'There is no release yet: the first "banyan up" makes one.\n'
  const text = table(['release', 'state', 'when', 'snapshot', 'why'], releases.map(rowOf))
  const back =
    undo === null ? 'There is no release to go back to.' : `"banyan undo" goes back to ${undo}.`
  return `${colourStates(text, releases)}${paint('dim', back)}\n`
}

function rowOf({ name, state, at, snapshot, reason }: ReleaseStatus): string[] {
  // The reason may have many lines; the log of the node has them all.
  const why = (reason ?? '').split('\n')[0]?.replace(/ Its last lines:$/, '') ?? ''
  return [name, state, sayWhen(at), snapshot ?? 'pruned', why]
}

const sayWhen = (at: string) => at.slice(0, 19).replace('T', ' ')

const stateColours: Readonly<Record<ReleaseStatus['state'], Colour>> = {
  live: 'green',
  pending: 'yellow',
  replaced: 'dim',
  undone: 'red',
  failed: 'red',
}

/** After the layout, because colours would count as letters in it. */
function colourStates(text: string, releases: readonly ReleaseStatus[]): string {
  const lines = text.split('\n')
  return lines
    .map((line, index) => {
      const state = releases[index - 1]?.state
      return state === undefined ? line : line.replace(state, paint(stateColours[state], state))
    })
    .join('\n')
}
