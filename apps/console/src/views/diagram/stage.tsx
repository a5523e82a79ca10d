import { useComputed, useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { live } from '../../live/live.ts'
import { route } from '../../router.ts'
import { Icon } from '../../ui/icon.tsx'
import { ClientBox } from './client-box.tsx'
import { useDeparting } from './departing.ts'
import { EdgeLabel, EdgeLine } from './edge-line.tsx'
import { allEdges } from './expected-edges.ts'
import { FlowCanvas } from './flow-canvas.tsx'
import { layOut } from './lay-out.ts'
import { client, type Layout, type LayoutEdge } from './layout-types.ts'
import { directions, neighbour } from './neighbour.ts'
import { NodeCard } from './node-card.tsx'
import { openNode } from './open-node.ts'
import { pathsOfNode } from './route-paths.ts'
import { seenEdges } from './seen-edges.ts'
import { tierTitles } from './tiers.ts'

/** The system, drawn: frames of tiers, lines, what moves on them, nodes. */
export function Stage({ width }: { readonly width: number }) {
  const opened = route.value.params.get('node')
  const placed = live.placed.value
  const edges = useComputed(() => allEdges(live.placed.value, seenEdges.value)).value
  const layout = useMemo(() => layOut({ nodes: placed, edges, width }), [placed, edges, width])
  const departing = useDeparting(layout.boxes)
  const focused = useSignal<string | null>(null)
  const boxes = [...layout.boxes.values()].filter(({ tier }) => tier !== 'client')
  const first = boxes.find(({ name }) => name === focused.value) ?? boxes[0]
  const clients = layout.boxes.get(client)
  const { paths, isOwn } = usePaths(layout, edges, opened)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms; these are nodes of one drawing.
    <div
      class={`stage ${layout.direction}`}
      style={{ width: layout.width, height: layout.height }}
      role="group"
      aria-label="Nodes. Arrow keys lead from one to the next, Enter opens one."
      onKeyDown={(event) => {
        const direction = directions[event.key]
        const from = layout.boxes.get(first?.name ?? '')
        if (direction === undefined || from === undefined) return
        event.preventDefault()
        const next = neighbour(boxes, from, direction)
        if (next !== null) focusNode(event.currentTarget, next)
      }}
      onFocusIn={(event) => {
        const name = nodeIn(event.target)
        if (name !== null) focused.value = name
      }}
      onClick={(event) => {
        const name = nodeIn(event.target)
        if (name !== null) openNode(name === opened ? null : name)
      }}
    >
      {layout.groups.map(({ tier, x, y, w, h, count }) =>
        tier === 'client' ? null : (
          <div
            key={tier}
            class="tier"
            style={{ transform: `translate(${x}px, ${y}px)`, width: w, height: h }}
          >
            <Icon name={tier} size={14} />
            {tierTitles[tier]}
            {count > 6 ? <span class="muted">{count}</span> : null}
          </div>
        ),
      )}
      <svg class="edges" width={layout.width} height={layout.height} aria-hidden="true">
        <g class={isOwn ? 'is-faint' : undefined}>
          {layout.paths.map((path) => (
            <EdgeLine key={path.key} path={path} />
          ))}
        </g>
        {isOwn ? paths.map((path) => <EdgeLine key={`own>${path.key}`} path={path} />) : null}
      </svg>
      <FlowCanvas paths={paths} width={layout.width} height={layout.height} />
      {clients === undefined ? null : <ClientBox box={clients} />}
      {boxes.map((box) => (
        <NodeCard
          key={box.name}
          box={box}
          isFocusable={box.name === first?.name}
          isOpen={box.name === opened}
          isLeaving={false}
        />
      ))}
      {departing.map((box) => (
        <NodeCard key={box.name} box={box} isFocusable={false} isOpen={false} isLeaving={true} />
      ))}
      <svg class="labels" width={layout.width} height={layout.height} aria-hidden="true">
        {[...paths, ...(isOwn ? [] : layout.sums)].map((path) => (
          <EdgeLabel key={path.key} of={path} />
        ))}
      </svg>
    </div>
  )
}

/** Of a node that is open its own lines only, where there are many. */
function usePaths(layout: Layout, edges: readonly LayoutEdge[], opened: string | null) {
  return useMemo(() => {
    const isOwn = opened !== null && layout.boxes.has(opened) && edges.length > 12
    return { isOwn, paths: isOwn ? pathsOfNode(layout, edges, opened) : layout.paths }
  }, [layout, edges, opened])
}

const nodeIn = (target: EventTarget | null): string | null =>
  target instanceof Element
    ? (target.closest<HTMLElement>('[data-node]')?.dataset.node ?? null)
    : null

function focusNode(stage: HTMLElement, name: string): void {
  stage.querySelector<HTMLElement>(`[data-node="${CSS.escape(name)}"]`)?.focus()
}
