import type { Flow } from '@banyan/control/api'
import { edgeKey } from './layout-types.ts'

export type EdgeFlow = Flow['edges'][number]

export type FlowFigures = {
  readonly perS: number
  readonly errorsPerS: number
  /** Of a sum the worst of its parts: percentiles cannot be added. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

/** What moves on each way, by its key. */
export const byEdge = (flow: Flow | null): ReadonlyMap<string, EdgeFlow> =>
  new Map((flow?.edges ?? []).map((edge) => [edgeKey(edge), edge]))

/** What moves on several ways together; null where nothing is known of any. */
export function sumFlows(
  flows: ReadonlyMap<string, EdgeFlow>,
  keys: readonly string[],
): FlowFigures | null {
  const found = keys.flatMap((key) => flows.get(key) ?? [])
  if (found.length === 0) return null
  const add = (of: (edge: EdgeFlow) => number) => found.reduce((all, edge) => all + of(edge), 0)
  return {
    perS: add(({ perS }) => perS),
    errorsPerS: add(({ errorsPerS }) => errorsPerS),
    p50Ms: worst(found.map(({ p50Ms }) => p50Ms)),
    p99Ms: worst(found.map(({ p99Ms }) => p99Ms)),
  }
}

function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}
