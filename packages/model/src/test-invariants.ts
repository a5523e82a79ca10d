import { isAnswered, lossOf, routedServices } from './answers.ts'
import { brokenByRecord, brokenByRelease } from './invariants-release.ts'
import { isSame } from './is-same.ts'
import { sayList } from './say-list.ts'
import {
  findHost,
  findNode,
  findRunning,
  type Goal,
  isAdmitted,
  isBalancer,
  isObserver,
  isRouted,
  runningEntries,
  runningGateways,
  runsCode,
  type State,
} from './state.ts'
import { hasPort } from './step-row.ts'
import {
  brokenByMembers,
  brokenByPlaces,
  brokenConfirmation,
  brokenLead,
  brokenLeadChange,
  lostData,
} from './test-invariants-data.ts'

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
    name: 'two nodes never have the same port of one address',
    check: (state) =>
      firstWrong(state.topology.nodes, (node) => {
        const host = findHost(state.topology, node.host)
        const other = host ? hasPort(state, node, host) : null
        return other ? `${node.name} has the port ${node.port}, and ${other}` : null
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
        return found && runsCode(found) === (release !== null)
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
    check: ({ topology: { rungs, nodes } }) => {
      if (rungs.length > 0 && nodes.length === 0) return `${rungs.join()} without a node`
      if (!rungs.includes('balanced')) return null
      if (!nodes.some(isBalancer)) return 'balanced without a gateway'
      const services = nodes.filter(isRouted).map(({ service }) => service)
      const isTwice = services.some((name, index) => services.indexOf(name) < index)
      return isTwice ? null : 'balanced with one process of each service'
    },
  },
  {
    name: 'one database server of ours takes writes, and the others are copies of it',
    check: brokenLead,
  },
  {
    name: 'commits wait for copies only, and for each once',
    check: brokenConfirmation,
  },
  {
    name: 'a database that is recorded as apart or as copied is',
    check: brokenByPlaces,
  },
  {
    name: 'what accepts from the public socket is a gateway or a process with routes',
    check: ({ topology }) =>
      firstWrong(topology.nodes, ({ name, tier, engine, entry }) => {
        const isGateway = engine === 'gateway' || engine === 'haproxy'
        if (isGateway !== (tier === 'entry')) return `${name} is a ${engine} of the tier ${tier}`
        if (isGateway && !entry) return `${name} is a gateway and accepts nothing`
        return entry && !isGateway && tier !== 'web' ? `${name} has no routes and accepts` : null
      }),
  },
  {
    name: 'what watches answers nobody, and shares a host with nobody whom it watches',
    check: ({ topology: { nodes } }) =>
      firstWrong(nodes, (node) => {
        const isWatching = node.engine === 'prometheus' || node.engine === 'alertmanager'
        if (isWatching !== isObserver(node))
          return `${node.name} is a ${node.engine} of the tier ${node.tier}`
        if (!isWatching) return null
        const other = nodes.find(({ host, tier }) => host === node.host && tier !== 'telemetry')
        return other ? `${node.name} is on the host of ${other.name}` : null
      }),
  },
  {
    name: 'whoever accepts from the public socket is on one host',
    check: (state) => {
      const hosts = new Set(runningEntries(state).map(({ host }) => host))
      return hosts.size > 1 ? `they are on ${sayList([...hosts])}` : null
    },
  },
  {
    name: 'a gateway sends only to processes with routes that take nothing from the public socket',
    check: ({ topology, admitted }) =>
      firstWrong(admitted, (name) => {
        if (admitted.indexOf(name) !== admitted.lastIndexOf(name)) return `${name} is sent to twice`
        const node = findNode(topology, name)
        if (!node) return `${name} does not exist`
        return isRouted(node) && !node.entry ? null : `${name} is sent to`
      }),
  },
]

/** Every invariant that a state breaks, in words. */
export const brokenInvariants = (state: State): readonly string[] =>
  invariants.flatMap(({ name, check }) => {
    const wrong = check(state)
    return wrong === null ? [] : [`${name}: ${wrong}`]
  })

/**
 * What two states in a row may not show, whatever the goal: data that goes while somebody could use it,
 * a process that is stopped while a gateway sends to it, contract migrations while somebody needs what
 * they take away. Gives what is wrong, or null.
 */
export const brokenByChange = (before: State, after: State): string | null =>
  lostData(before, after) ??
  brokenLeadChange(before, after) ??
  stoppedInUse(before, after) ??
  brokenByRecord(before, after)

/**
 * What one step of a climb may not take away: whoever was answered, and is to be answered by the goal,
 * is answered still. A system that stops answers nobody, and a host that moves takes its nodes with it.
 */
export const brokenByClimb = (before: State, after: State, goal: Goal): string | null => {
  if (goal.power === 'off' || movesHost(before, goal)) return null
  const wrong = brokenByMembers(before, after, goal) ?? brokenByRelease(before, after, goal)
  if (wrong !== null) return wrong
  return firstWrong(routedServices(goal.topology), (service) => {
    const loss = lossOf(before, after, service)
    if (loss !== null) return loss
    return isAnswered(before, service) && !isAnswered(after, service)
      ? `${service} was answered, and is not any more`
      : null
  })
}

const stoppedInUse = (before: State, after: State): string | null => {
  if (runningGateways(before).length === 0) return null
  const stopped = before.running.find(
    ({ node }) => isAdmitted(before, node) && !findRunning(after, node),
  )
  return stopped ? `${stopped.node} was stopped while a gateway sent to it` : null
}

/** Whether a host is to have another address, or another one the public socket. */
const movesHost = (state: State, { topology }: Goal): boolean => {
  const entryHost = topology.nodes.find(({ entry }) => entry)?.host
  return (
    runningEntries(state).some(({ host }) => host !== entryHost) ||
    topology.hosts.some((host) => {
      const before = findHost(state.topology, host.name)
      return before !== undefined && !isSame(before, host)
    })
  )
}
