import type { ShownState } from './health.ts'
import { Icon } from './icon.tsx'

/** A state in its shape, its word and its colour. */
export function Badge({
  state,
  filled,
}: {
  readonly state: ShownState
  readonly filled?: boolean
}) {
  return (
    <span class={`badge state-${state}${filled ? ' filled' : ''}`}>
      <Icon name={state} size={14} />
      {state}
    </span>
  )
}
