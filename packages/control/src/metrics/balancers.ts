import type { Inspection } from '../engines/haproxy/inspect.ts'
import { type Answers, type HaproxyCounts, haproxyCounts } from '../engines/haproxy/metrics.ts'

export type BalancerSample = HaproxyCounts & { readonly node: string }

/**
 * What HAProxies have counted. A count that is reckoned from others may be one less a moment later, which a reader
 * would take for a new beginning; so none is said to be less than before, as long as the same worker counts.
 */
export class BalancerCounts {
  readonly #known = new Map<string, { readonly pid: number; readonly most: Map<string, number> }>()

  take(node: string, found: Inspection): BalancerSample {
    const counts = haproxyCounts(found)
    const before = this.#known.get(node)
    const known = before?.pid === counts.pid ? before : { pid: counts.pid, most: new Map() }
    this.#known.set(node, known)
    const grow = (whose: string, answers: Answers): Answers =>
      Object.fromEntries(
        Object.entries(answers).map(([name, count]) => {
          const most = Math.max(count, known.most.get(`${whose} ${name}`) ?? 0)
          known.most.set(`${whose} ${name}`, most)
          return [name, most]
        }),
      )
    return {
      ...counts,
      node,
      entry: counts.entry.map(({ service, answers }) => ({
        service,
        answers: service === '' ? grow('', answers) : answers,
      })),
    }
  }
}
