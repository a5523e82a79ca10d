import type { Mark } from '@banyan/store/api'
import { useState } from 'preact/hooks'
import { formatClock, formatClockSeconds } from '../../format/time.ts'
import { useWidth } from '../../ui/measure.ts'
import { type Cluster, clustersOf, kinds } from './marks.ts'
import type { Window } from './window.ts'

/** How much room a sign has, so that it can be hit with a finger. */
const signPx = 24

const say = (mark: Mark): string =>
  `${formatClock(mark.at)} ${kinds[mark.kind].name}: ${mark.sentence}`

/** What happened to the system, on the time that all charts share. Focus or hover says the sentence. */
export function MarksStrip({
  marks,
  window,
}: {
  readonly marks: readonly Mark[] | null
  readonly window: Window
}) {
  const [place, width] = useWidth()
  const [said, setSaid] = useState<Cluster | null>(null)
  const clusters = clustersOf(marks ?? [], window, width === 0 ? 1 : signPx / width)
  return (
    <section class="marks card" aria-label="What happened">
      <div class="track" ref={place}>
        {clusters.map((cluster) => (
          <Sign
            key={cluster.marks[0]?.at}
            cluster={cluster}
            width={width}
            onSay={() => setSaid(cluster)}
            onSilent={() => setSaid(null)}
          />
        ))}
      </div>
      <div class="ends muted" aria-hidden="true">
        <span>{formatClockSeconds(window.from)}</span>
        <span>{formatClockSeconds(window.to)}</span>
      </div>
      <div class="said">
        {said === null ? (
          <Key clusters={marks === null ? null : clusters} />
        ) : (
          <Sentences of={said} />
        )}
      </div>
    </section>
  )
}

function Sign({
  cluster,
  width,
  onSay,
  onSilent,
}: {
  readonly cluster: Cluster
  readonly width: number
  readonly onSay: () => void
  readonly onSilent: () => void
}) {
  const [first] = cluster.marks
  if (first === undefined) return null
  const left = Math.min(width - signPx, Math.max(0, cluster.place * width - signPx / 2))
  return (
    <button
      type="button"
      class={`mark of-${first.kind}`}
      style={{ left: `${left}px` }}
      aria-label={cluster.marks.map(say).join('; ')}
      onFocus={onSay}
      onMouseEnter={onSay}
      onClick={onSay}
      onBlur={onSilent}
      onMouseLeave={onSilent}
    >
      {cluster.marks.length > 1 ? cluster.marks.length : kinds[first.kind].sign}
    </button>
  )
}

function Sentences({ of }: { readonly of: Cluster }) {
  return (
    <ul>
      {of.marks.slice(-4).map((mark) => (
        <li key={`${mark.at}${mark.sentence}`}>
          <span class={`sign of-${mark.kind}`}>{kinds[mark.kind].sign}</span>
          <span class="mono">{formatClock(mark.at)}</span> {mark.sentence}
        </li>
      ))}
    </ul>
  )
}

/** What the signs mean, of those that are there. */
function Key({ clusters }: { readonly clusters: readonly Cluster[] | null }) {
  if (clusters === null) return <p class="muted">What happened in this time is not known now.</p>
  const there = new Set(clusters.flatMap(({ marks }) => marks.map(({ kind }) => kind)))
  if (there.size === 0)
    return <p class="muted">No climb, release, fault or promotion in this time.</p>
  return (
    <ul class="key">
      {[...there].map((kind) => (
        <li key={kind}>
          <span class={`sign of-${kind}`}>{kinds[kind].sign}</span> {kinds[kind].name}
        </li>
      ))}
    </ul>
  )
}
