import { olderAnswering, takesRequests } from './answers.ts'
import { sayList } from './say-list.ts'
import { findNode, findRunning, type State } from './state.ts'
import { dataRuns, hasOlder, type StepRows } from './step-row.ts'

type Kinds = 'build-release' | 'try-release' | 'record-release' | 'contract-migrations'

/** The steps that only a change of the release knows. */
export const releaseRows: StepRows<Kinds> = {
  'build-release': {
    requires: 'Nothing: it is built in its snapshot, beside what runs.',
    obstacle: () => null,
    effect: (state, { release }) => ({
      ...state,
      built: [...state.built.filter((name) => name !== release), release].sort(),
    }),
    undo: () => null,
    sentence: ({ release }) => `Build release ${release}.`,
    final: 'What was built lies in the snapshot, and goes with it.',
  },
  'try-release': {
    requires: 'Its nodes answer requests, and beside each of them one of another release does.',
    obstacle: (state, { release, nodes }) => {
      if (nodes.length === 0) return `no node of release ${release} answers`
      return (
        nodes.map((node) => isTriable(state, release, node)).find((why) => why !== null) ?? null
      )
    },
    effect: (state, { release }) => ({ ...state, tried: release }),
    undo: () => null,
    sentence: ({ nodes }) =>
      `Compare what ${sayList(nodes)} ${nodes.length > 1 ? 'answer' : 'answers'} with the answers of the release before.`,
    final: 'There is nothing to take back.',
  },
  'record-release': {
    requires: 'Every process of the app runs it.',
    obstacle: (state, { release }) => hasOlder(state, release),
    effect: (state, { release }) => ({
      ...state,
      live: release,
      // One that was tried, and then given up, is tried again when it comes again.
      tried: state.tried === release ? release : null,
    }),
    undo: ({ live }) => (live === null ? null : { kind: 'record-release', release: live }),
    sentence: ({ release }) => `Record that release ${release} is live.`,
    final: 'Before the first release nothing was live.',
  },
  'contract-migrations': {
    requires: 'The release is live, nothing older runs, and the database servers run.',
    obstacle: (state, { release, needs }) => {
      if (state.live !== release) return `release ${release} is not live`
      return hasOlder(state, release) ?? dataRuns(state, needs)
    },
    effect: (state, { release }) => ({ ...state, contracted: release }),
    undo: () => null,
    sentence: ({ release, needs }) =>
      `Take away from ${sayList(needs)} what release ${release} needs no more.`,
    final: 'What was taken away does not come back.',
  },
}

/** Only what answers, and what is answered beside it by another release, can be compared. */
const isTriable = (state: State, release: string, name: string): string | null => {
  const node = findNode(state.topology, name)
  if (!node || findRunning(state, name)?.release !== release)
    return `${name} does not run release ${release}`
  if (!takesRequests(state, node)) return `no requests go to ${name}`
  return olderAnswering(state, release).some(({ service }) => service === node.service)
    ? null
    : `nothing of another release answers beside ${name}`
}
