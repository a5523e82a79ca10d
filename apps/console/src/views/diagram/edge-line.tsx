import { memo } from 'preact/compat'
import { formatBytes } from '../../format/bytes.ts'
import { formatMs } from '../../format/duration.ts'
import { formatShortRate } from '../../format/number.ts'
import { live } from '../../live/live.ts'
import { shownState } from '../../ui/health.ts'
import { pathOf } from './curves.ts'
import { type FlowFigures, sumFlows } from './flow-sums.ts'
import { flows } from './flows.ts'
import { client, type FlowKind, type FlowPath, type FlowSum } from './layout-types.ts'

/** A line: thicker where more moves, broken where one of its ends gives no answer. */
export const EdgeLine = memo(function EdgeLine({ path }: { readonly path: FlowPath }) {
  const figures = sumFlows(flows.value, path.edges)
  const isCut = path.edges.length === 1 && endsOf(path.edges[0] ?? '').some(isAway)
  const isFailing = (figures?.errorsPerS ?? 0) > 0
  const width = Math.min(3, 1.25 + Math.log10(1 + (figures?.perS ?? 0)) / 3)
  return (
    <path
      class={`edge ${path.kind}${isCut ? ' is-cut' : ''}${isFailing ? ' is-failing' : ''}`}
      d={pathOf(path.curve)}
      stroke-width={isCut ? 1.5 : width.toFixed(1)}
    />
  )
})

const endsOf = (key: string): readonly string[] => key.split('>').slice(0, 2)

function isAway(name: string): boolean {
  if (name === client) return false
  const node = live.node(name).value
  if (node === null) return true
  const state = shownState(node.health, live.faults.value.get(name))
  return state !== 'healthy' && state !== 'draining'
}

/** The figures of a line, or of several together. */
export const EdgeLabel = memo(function EdgeLabel({ of }: { readonly of: FlowPath | FlowSum }) {
  const at = 'label' in of ? of.label : of
  const figures = sumFlows(flows.value, of.edges)
  if (at === null || figures === null) return null
  const lines = linesOf(of.kind, figures)
  const width = 12 + 6.1 * Math.max(...lines.map(({ words }) => words.length))
  const height = 6 + 13 * lines.length
  return (
    <g class="edge-label">
      <rect x={at.x - width / 2} y={at.y - height / 2} width={width} height={height} rx="7" />
      <text text-anchor="middle" x={at.x} y={at.y - 6.5 * (lines.length - 1)}>
        {lines.map((line, index) => (
          <tspan
            key={line.words}
            class={line.isBad ? 'is-bad' : index === 0 ? 'is-first' : undefined}
            x={at.x}
            dy={index === 0 ? 4 : 13}
          >
            {line.words}
          </tspan>
        ))}
      </text>
    </g>
  )
})

type Words = { readonly words: string; readonly isBad?: boolean }

function linesOf(kind: FlowKind, { perS, errorsPerS, p99Ms }: FlowFigures): readonly Words[] {
  const rate = kind === 'replication' ? `${formatBytes(perS)}/s` : formatShortRate(perS)
  return [
    { words: rate },
    ...(p99Ms === null ? [] : [{ words: `p99 ${formatMs(p99Ms)}` }]),
    ...(errorsPerS > 0 ? [{ words: `✕ ${formatShortRate(errorsPerS)} failed`, isBad: true }] : []),
  ]
}
