import { live } from '../../live/live.ts'
import { go } from '../../router.ts'
import { Badge } from '../../ui/badge.tsx'
import { shownState } from '../../ui/health.ts'
import { Icon } from '../../ui/icon.tsx'
import { NodeButtons } from '../../ui/node-buttons.tsx'

/** One node to do something to. */
export function PickNode({ chosen }: { readonly chosen: string | null }) {
  const placed = live.placed.value
  const names = new Intl.Collator('en', { numeric: true })
  const shown = placed.toSorted(
    (one, other) => names.compare(one.tier, other.tier) || names.compare(one.name, other.name),
  )
  const isThere = placed.some(({ name }) => name === chosen)
  return (
    <section class="card pick" aria-labelledby="pick-title">
      <h2 id="pick-title">Do something to a node</h2>
      <ul class="pick-list">
        {shown.map(({ name }) => (
          <PickOne key={name} name={name} isChosen={name === chosen} />
        ))}
      </ul>
      {chosen === null || !isThere ? (
        <p class="muted">Pick one. What would happen is said before it does.</p>
      ) : (
        <Chosen name={chosen} />
      )}
    </section>
  )
}

function PickOne({ name, isChosen }: { readonly name: string; readonly isChosen: boolean }) {
  const node = live.node(name).value
  if (node === null) return null
  const state = shownState(node.health, live.faults.value.get(name))
  return (
    <li>
      <button
        type="button"
        class={`pick-node state-${state}`}
        aria-pressed={isChosen}
        aria-label={`${name}, ${node.role}, ${state}`}
        onClick={() => go('faults', { node: isChosen ? null : name }, { replace: true })}
      >
        <Icon name={state} size={14} />
        <span>{name}</span>
        {node.role === 'primary' ? <Icon name="primary" size={12} /> : null}
      </button>
    </li>
  )
}

function Chosen({ name }: { readonly name: string }) {
  const node = live.node(name).value
  if (node === null) return null
  return (
    <div class="chosen">
      <div class="row wrap">
        <strong>{name}</strong>
        <span class="muted">
          {node.role} · {node.host}
        </span>
        <Badge state={shownState(node.health, live.faults.value.get(name))} />
      </div>
      <p>{node.sentence}</p>
      <NodeButtons name={name} key={name} />
    </div>
  )
}
