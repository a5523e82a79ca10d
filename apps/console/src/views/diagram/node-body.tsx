import type { NodeStatus } from '@banyan/control/api'
import { formatShortRate } from '../../format/number.ts'
import { isLive } from '../../live/live.ts'
import type { Load } from '../../live/live-store.ts'
import { Badge } from '../../ui/badge.tsx'
import type { ShownState } from '../../ui/health.ts'
import { Icon } from '../../ui/icon.tsx'
import { isBusy, roleLine, sayCpu, shortName } from './node-words.ts'

type Props = {
  readonly name: string
  readonly state: ShownState
  readonly node: NodeStatus | null
  readonly load: Load | null
}

/** All of a node: its name, state, role and load. */
export function CardBody({ name, state, node, load }: Props) {
  return (
    <>
      <span class="node-line">
        <span class="node-name">{name}</span>{' '}
        {node?.role === 'primary' ? (
          <span class="node-primary">
            <Icon name="primary" size={13} />
            primary
          </span>
        ) : null}
      </span>{' '}
      <Badge state={state} />{' '}
      <span class="node-role">{node === null ? null : roleLine(node, isLive.value)}</span>{' '}
      <span class="node-load">
        <Bar cpu={load?.cpu} />
        <span>CPU {sayCpu(load?.cpu)}</span>{' '}
        {load?.requestsPerS === null || load?.requestsPerS === undefined ? null : (
          <span class="node-rate">{formatShortRate(load.requestsPerS)}</span>
        )}
      </span>
    </>
  )
}

/** Where there are many: the shape of its state, its name, its load. */
export function CompactBody({ name, state, node, load }: Props) {
  return (
    <>
      <span class="node-line">
        <Icon name={state} size={14} />
        <span class="node-name">{name}</span>
        {node?.role === 'primary' ? (
          <span class="node-primary">
            <Icon name="primary" size={13} />
          </span>
        ) : null}
      </span>
      <span class="node-load">
        <Bar cpu={load?.cpu} />
      </span>
    </>
  )
}

/** Where there are very many: the shape of its state, and its number. */
export function DotBody({ name, state }: Props) {
  return (
    <span class="node-line">
      <Icon name={state} size={13} />
      {shortName(name)}
    </span>
  )
}

function Bar({ cpu }: { readonly cpu: number | null | undefined }) {
  return (
    <span class={`bar${isBusy(cpu) ? ' is-busy' : ''}`}>
      <span style={{ transform: `scaleX(${Math.min(1, cpu ?? 0)})` }} />
    </span>
  )
}
