import { findHost, findNode, findRunning, isDataNode, type State } from './state.ts'

/** A thing that is true of every state that a climb passes through. Gives what is wrong, or null. */
export type Invariant = { readonly name: string; readonly check: (state: State) => string | null }

const firstWrong = <T>(items: readonly T[], say: (item: T) => string | null): string | null => {
  for (const item of items) {
    const wrong = say(item)
    if (wrong !== null) return wrong
  }
  return null
}

export const invariants: readonly Invariant[] = [
  {
    name: 'every node has a name of its own and a host that exists',
    check: ({ topology }) =>
      firstWrong(topology.nodes, (node) => {
        const twice = topology.nodes.filter(({ name }) => name === node.name).length > 1
        if (twice) return `there are two nodes ${node.name}`
        return findHost(topology, node.host)
          ? null
          : `${node.name} is on the unknown host ${node.host}`
      }),
  },
  {
    name: 'two nodes of one host never have the same port',
    check: ({ topology }) =>
      firstWrong(topology.nodes, (node) => {
        const other = topology.nodes.find(
          ({ name, host, port }) =>
            name !== node.name && host === node.host && port === node.port && port !== 0,
        )
        return other ? `${node.name} and ${other.name} have the port ${node.port}` : null
      }),
  },
  {
    name: 'only what exists runs, and only once',
    check: ({ topology, running }) =>
      firstWrong(running, ({ node }) => {
        if (!findNode(topology, node)) return `${node} runs but does not exist`
        return running.filter((other) => other.node === node).length > 1
          ? `${node} runs twice`
          : null
      }),
  },
  {
    name: 'a node has a release if and only if it runs code of the app',
    check: ({ topology, running }) =>
      firstWrong(running, ({ node, release }) => {
        const found = findNode(topology, node)
        return found && isDataNode(found) === (release === null)
          ? null
          : `${node} runs release ${release}`
      }),
  },
  {
    name: 'a server that somebody else runs is on no host of ours, and nothing of ours is on its host',
    check: ({ topology }) =>
      firstWrong(topology.nodes, (node) => {
        const isElsewhere = findHost(topology, node.host)?.site === 'adopted'
        return isElsewhere === (node.adopted ?? false) ? null : `${node.name} is on ${node.host}`
      }),
  },
  {
    name: 'a rung that is recorded has its nodes',
    check: ({ topology }) =>
      topology.rungs.length > 0 && topology.nodes.length === 0
        ? `${topology.rungs.join()} without a node`
        : null,
  },
]

/** Every invariant that a state breaks, in words. */
export const brokenInvariants = (state: State): readonly string[] =>
  invariants.flatMap(({ name, check }) => {
    const wrong = check(state)
    return wrong === null ? [] : [`${name}: ${wrong}`]
  })

/**
 * What two states in a row may not show: data that goes, whatever the goal, while somebody could use it.
 * Gives what is wrong, or null.
 */
export const brokenByChange = (before: State, after: State): string | null => {
  const gone = before.topology.nodes.find(
    (node) => isDataNode(node) && !findNode(after.topology, node.name),
  )
  if (!gone) return null
  const user = after.running.find(({ release }) => release !== null)
  if (user) return `${gone.name} was deleted while ${user.node} ran`
  return findRunning(before, gone.name) ? `${gone.name} was deleted while it ran` : null
}
