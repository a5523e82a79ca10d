import { memo } from 'preact/compat'
import { live } from '../../live/live.ts'
import { shownState } from '../../ui/health.ts'
import type { Box, Density } from './layout-types.ts'
import { CardBody, CompactBody, DotBody } from './node-body.tsx'

type Props = {
  readonly box: Box
  readonly isFocusable: boolean
  readonly isOpen: boolean
  readonly isLeaving: boolean
}

const bodies = { card: CardBody, compact: CompactBody, dot: DotBody } as const satisfies Record<
  Density,
  unknown
>

/** A node as it is: drawn anew when it alone changes. It is named by what can be read on it, or by its name and state. */
export const NodeCard = memo(function NodeCard({ box, isFocusable, isOpen, isLeaving }: Props) {
  const { x, y, w, h, name, density } = box
  const node = live.node(name).value
  // A dot shows no load: it is not drawn anew every second for what nobody sees.
  const load = density === 'dot' ? null : live.load(name).value
  const state = node === null ? 'stopped' : shownState(node.health, live.faults.value.get(name))
  const classes = ['node', density, `state-${state}`]
  if (isLeaving || node === null) classes.push('is-leaving')
  if (isOpen) classes.push('is-open')
  const Body = bodies[density]
  return (
    <button
      type="button"
      class={classes.join(' ')}
      style={{ transform: `translate(${x}px, ${y}px)`, width: w, height: h }}
      data-node={name}
      tabIndex={isFocusable ? 0 : -1}
      aria-label={density === 'card' ? undefined : `${name}, ${state}`}
      aria-expanded={isOpen}
      title={density === 'card' ? undefined : `${name}: ${state}`}
    >
      <Body name={name} state={state} node={node} load={load} />
    </button>
  )
})
