import { noLines, takeText } from '../metrics/reading.ts'
import type { Registry } from '../metrics/registry.ts'
import type { Labels } from '../metrics/series.ts'

/** Reads a text as if a target had answered with it. */
export function reader(registry: Registry, labels: Labels) {
  const target = registry.target(labels, false)
  const lines = noLines()
  return {
    target,
    take: (at: number, text: string) => takeText(registry, target, lines, { at, text }),
  }
}

/** A counter and a gauge, as a target says them. */
export const twoMetrics = (count: number, load: number): string =>
  `# TYPE requests_total counter\nrequests_total{route="/a"} ${count}\n# TYPE load gauge\nload ${load}\n`
