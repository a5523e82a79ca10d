import { effect, signal } from '@preact/signals'
import { live } from '../../live/live.ts'
import { edgeKey, type LayoutEdge } from './layout-types.ts'

/** Every way on which something has moved while this page was open: one that rests for a second stays drawn. */
export const seenEdges = signal<readonly LayoutEdge[]>([])

const known = new Set<string>()

effect(() => {
  const fresh = (live.flow.value?.edges ?? []).filter((edge) => !known.has(edgeKey(edge)))
  if (fresh.length === 0) return
  for (const edge of fresh) known.add(edgeKey(edge))
  seenEdges.value = [
    ...seenEdges.peek(),
    ...fresh.map(({ from, to, kind }) => ({ from, to, kind })),
  ]
})
