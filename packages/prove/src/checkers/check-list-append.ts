import type { ListOperation } from '../history/operation.ts'
import { type Anomaly, type AnomalyKind, type Verdict, verdictOf } from './anomaly.ts'
import { byKey } from './by-key.ts'
import { components } from './list-components.ts'
import { anyCycle, type Cycle, nonadjacentCycle, singleCycle, subgraph } from './list-cycles.ts'
import { dependencyGraph } from './list-dependencies.ts'
import { bitsOf, type Dependency, type Graph } from './list-graph.ts'
import { type ListHistory, listHistory } from './list-histories.ts'
import { judgeInternal } from './list-internal.ts'
import { judgeReads } from './list-reads.ts'
import { sayBegin } from './say.ts'

/** What a system promises of its transactions. */
export type IsolationLevel =
  | 'read-committed'
  | 'snapshot-isolation'
  | 'serializable'
  | 'strict-serializable'

/**
 * Judges transactions that read lists and append to them, against the level that was declared.
 *
 * After Kingsbury and Alvaro, "Elle: inferring isolation anomalies from experimental observations"
 * (VLDB 2020), and Adya, "Weak consistency" (MIT, 1999). A list that is only appended to shows the order
 * of its versions in every read, so that from what was read follows which transaction must come before
 * which; a cycle in that is an anomaly, and which edges it has says how bad it is. Read committed rules
 * out G0, G1a, G1b and G1c; snapshot isolation also every cycle in which no two anti-dependencies
 * follow each other, such as G-single; serializable every cycle; strict serializable those with the
 * order of time as well. One cycle is named for each tangle of transactions.
 *
 * @example
 * const { ok } = checkListAppend(history, { level: 'serializable' })
 */
export function checkListAppend(
  operations: readonly ListOperation[],
  { level }: { readonly level: IsolationLevel },
): Verdict {
  const anomalies: Anomaly[] = []
  for (const [key, group] of byKey(operations)) {
    const history = listHistory(group)
    anomalies.push(
      ...judgeReads(key, history),
      ...judgeInternal(key, history.transactions, level !== 'read-committed'),
      ...judgeOrder(key, history, level),
    )
  }
  return verdictOf(anomalies)
}

const kindsOf: Record<IsolationLevel, number> = {
  'read-committed': bitsOf('ww', 'wr'),
  'snapshot-isolation': bitsOf('ww', 'wr', 'rw'),
  serializable: bitsOf('ww', 'wr', 'rw'),
  'strict-serializable': bitsOf('ww', 'wr', 'rw', 'time'),
}

function judgeOrder(key: string, history: ListHistory, level: IsolationLevel): readonly Anomaly[] {
  const all = dependencyGraph(history, level === 'strict-serializable')
  const nodes = Array.from({ length: all.nodes }, (_, node) => node)
  const graph = subgraph(all, nodes, kindsOf[level])
  return components(graph).flatMap((component) => {
    const cycle = worstCycle(subgraph(graph, component, ~0), level)
    const original = cycle?.map(({ node, kind }) => ({ node: component[node] ?? 0, kind }))
    return original ? [anomalyOf(key, history, original)] : []
  })
}

/** What is worse is looked for first, and without the order of time before with it. */
function worstCycle(graph: Graph, level: IsolationLevel): Cycle | null {
  const masks = level === 'strict-serializable' ? [[], ['time'] as const] : [[]]
  for (const time of masks) {
    const part = (...kinds: Dependency[]) =>
      subgraph(
        graph,
        Array.from({ length: graph.nodes }, (_, node) => node),
        bitsOf(...kinds, ...time),
      )
    const cycle =
      anyCycle(part('ww')) ?? anyCycle(part('ww', 'wr')) ?? singleCycle(part('ww', 'wr', 'rw'))
    if (cycle) return cycle
    if (level === 'snapshot-isolation') return nonadjacentCycle(graph)
    const any = anyCycle(part('ww', 'wr', 'rw'))
    if (any) return any
  }
  return null
}

function anomalyOf(key: string, { transactions }: ListHistory, cycle: Cycle): Anomaly {
  const steps = withoutBundles(cycle, transactions.length)
  const operations = steps.map(({ node }) => transactions[node] as ListOperation)
  const names = operations.map((operation) => `the one at ${sayBegin(operation)}`)
  const reasons = steps.map(({ kind }, at) => {
    const next = names[(at + 1) % names.length] ?? ''
    return `${names[at]} before ${next} (${because[kind]})`
  })
  const kind = nameOf(cycle)
  const sentence = `${key}: ${operations.length} transactions go in a circle (${kind}): ${reasons.join(', ')}.`
  return { kind, key, sentence, operations }
}

const because: Record<Dependency, string> = {
  ww: 'which appended after it',
  wr: 'which read what it appended',
  rw: 'which appended what it did not see',
  time: 'which began after its end',
}

/** Nodes that only bundle edges are left out, and what led into one leads on to what came after it. */
function withoutBundles(cycle: Cycle, transactions: number): Cycle {
  return cycle.filter(({ node }) => node < transactions)
}

function nameOf(cycle: Cycle): AnomalyKind {
  const anti = cycle.filter(({ kind }) => kind === 'rw').length
  const isTimed = cycle.some(({ kind }) => kind === 'time')
  const isAdjacent = cycle.some(
    ({ kind }, at) => kind === 'rw' && cycle[(at + 1) % cycle.length]?.kind === 'rw',
  )
  if (anti === 1) return isTimed ? 'G-single-realtime' : 'G-single'
  if (anti > 1 && isTimed) return 'G2-item-realtime'
  if (anti > 1) return isAdjacent ? 'G2-item' : 'G-nonadjacent'
  if (cycle.some(({ kind }) => kind === 'wr')) return isTimed ? 'G1c-realtime' : 'G1c'
  return isTimed ? 'G0-realtime' : 'G0'
}
