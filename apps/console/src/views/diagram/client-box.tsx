import { formatShortRate } from '../../format/number.ts'
import { Icon } from '../../ui/icon.tsx'
import { sumFlows } from './flow-sums.ts'
import { flows } from './flows.ts'
import { type Box, client } from './layout-types.ts'

/** Those who ask, as one: what they send in all. */
export function ClientBox({ box }: { readonly box: Box }) {
  const { x, y, w, h } = box
  const keys = [...flows.value.keys()].filter((key) => key.startsWith(`${client}>`))
  const figures = sumFlows(flows.value, keys)
  return (
    <div class="clients" style={{ transform: `translate(${x}px, ${y}px)`, width: w, height: h }}>
      <Icon name="client" size={20} />
      <span>
        <strong>Clients</strong>
        <span class="muted">{figures === null ? '–' : formatShortRate(figures.perS)}</span>
      </span>
    </div>
  )
}
