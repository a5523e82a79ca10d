import type { NodeStatus } from '@banyan/control/api'
import { useEffect, useRef } from 'preact/hooks'
import { formatBytes } from '../../format/bytes.ts'
import { formatMs } from '../../format/duration.ts'
import { formatShortRate } from '../../format/number.ts'
import { isLive, live, now } from '../../live/live.ts'
import { hrefOf } from '../../route.ts'
import { Badge } from '../../ui/badge.tsx'
import { shownState } from '../../ui/health.ts'
import { Icon } from '../../ui/icon.tsx'
import { NodeButtons } from '../../ui/node-buttons.tsx'
import { sayCpu } from './node-words.ts'

/** Everything about one node, beside the diagram, or from below where that is narrow. */
export function NodeSheet({
  name,
  onClose,
}: {
  readonly name: string
  readonly onClose: () => void
}) {
  const title = useRef<HTMLHeadingElement>(null)
  const node = live.node(name).value
  useEffect(() => title.current?.focus(), [name])
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onClose()
    }
    document.addEventListener('keydown', close)
    return () => document.removeEventListener('keydown', close)
  }, [onClose])
  if (node === null) return null
  const state = shownState(node.health, live.faults.value.get(name))
  return (
    <aside class="sheet" aria-label={name}>
      <header>
        <h2 ref={title} tabIndex={-1}>
          {name}
        </h2>
        <Badge state={state} filled />
        <button type="button" class="button plain icon" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <p>{node.sentence}</p>
      <NodeLoad name={name} />
      <dl class="facts">
        {factsOf(node).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {node.members === undefined ? null : <Members nodes={node.members} />}
      <nav class="row wrap" aria-label={`More of ${name}`}>
        <a class="button" href={hrefOf('logs', { node: name })}>
          <Icon name="logs" size={14} />
          Logs
        </a>
        <a class="button" href={hrefOf('charts', { node: name })}>
          <Icon name="charts" size={14} />
          Charts
        </a>
        <a class="button" href={hrefOf('traces', { node: name })}>
          <Icon name="traces" size={14} />
          Traces
        </a>
      </nav>
      <h3>Do something to it</h3>
      <NodeButtons name={name} key={name} />
    </aside>
  )
}

function factsOf(node: NodeStatus): readonly (readonly [string, string])[] {
  const uptimeMs = isLive.value ? live.uptimeMs(node.name, now.value) : null
  const { lagBytes } = node
  const lag =
    lagBytes === null || lagBytes === undefined || !isLive.value ? 'unknown' : formatBytes(lagBytes)
  return [
    ['Role', node.role],
    ...(node.role === 'replica' ? [['Lag', lag] as const] : []),
    ...(node.confirms === undefined
      ? []
      : [['Confirms commits', node.confirms ? 'yes' : 'no'] as const]),
    ...(node.shard === undefined ? [] : [['Shard', node.shard] as const]),
    ['Engine', node.engine],
    ...(node.release === undefined ? [] : [['Release', node.release] as const]),
    ['Host', node.host],
    ['Address', node.address ?? 'none'],
    ['Process', node.pid === null ? 'none' : String(node.pid)],
    ['Running for', uptimeMs === null ? '–' : formatMs(Math.max(1_000, uptimeMs))],
  ]
}

function NodeLoad({ name }: { readonly name: string }) {
  const load = live.load(name).value
  const figures = [
    ['CPU', sayCpu(load?.cpu)],
    ['Memory', orDash(load?.memoryBytes, formatBytes)],
    ['Requests', orDash(load?.requestsPerS, formatShortRate)],
    ['Failed', orDash(load?.errorsPerS, formatShortRate)],
    ['p99', orDash(load?.p99Ms, formatMs)],
  ] as const
  return (
    <dl class="figures">
      {figures.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const orDash = (value: number | null | undefined, say: (value: number) => string): string =>
  value === null || value === undefined ? '–' : say(value)

/** The servers of a database that somebody else runs. */
function Members({ nodes }: { readonly nodes: readonly NodeStatus[] }) {
  return (
    <ul class="members">
      {nodes.map(({ name, role, health, address }) => (
        <li key={name}>
          <Badge state={health} />
          <strong>{name}</strong>
          <span class="muted">
            {role} · {address ?? 'no address'}
          </span>
        </li>
      ))}
    </ul>
  )
}
