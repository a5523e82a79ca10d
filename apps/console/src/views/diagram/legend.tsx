import { isLive, live } from '../../live/live.ts'
import { Icon } from '../../ui/icon.tsx'

const kinds = ['requests', 'queries', 'replication'] as const

/** What the lines are, and whether their figures are known. */
export function Legend() {
  return (
    <div class="legend">
      {kinds.map((kind) => (
        <span key={kind}>
          <svg width="26" height="6" aria-hidden="true">
            <path class={`edge ${kind}`} d="M1 3H25" stroke-width="2" />
          </svg>
          {kind}
        </span>
      ))}
      {live.flow.value === null && isLive.value ? (
        <span class="unknown">
          <Icon name="info" size={14} />
          Rates and loads are not known now: the store gives no answer.
        </span>
      ) : null}
    </div>
  )
}
