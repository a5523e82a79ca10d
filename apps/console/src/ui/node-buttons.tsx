import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { post } from '../api/ask.ts'
import { isLive, live } from '../live/live.ts'
import { Confirm } from './confirm.tsx'
import { Icon } from './icon.tsx'
import { type Offer, offersFor } from './node-actions.ts'
import { useRequest } from './use-request.ts'

/** What can be done to a node, each after it was said what comes of it. */
export function NodeButtons({ name }: { readonly name: string }) {
  const asked = useSignal<Offer | null>(null)
  const request = useRequest<unknown>()
  const row = useRef<HTMLDivElement>(null)
  const wasAsked = useRef(false)
  const isAsked = asked.value !== null
  useEffect(() => {
    // The question had the focus; where it is gone, what was asked from has it again.
    if (wasAsked.current && !isAsked) row.current?.querySelector('button')?.focus()
    wasAsked.current = isAsked
  }, [isAsked])
  const node = live.node(name).value
  if (node === null) return null
  const offers = offersFor(node, {
    nodes: live.nodes,
    shards: live.status.value?.shards ?? [],
    faults: live.faults.value.get(name) ?? [],
  })
  const offer = asked.value
  if (offer !== null)
    return (
      <Confirm
        says={offer.says}
        label={`${offer.label} ${name}`}
        isDanger={offer.isDanger}
        isBusy={request.isBusy.value}
        error={request.error.value}
        onCancel={() => {
          request.clear()
          asked.value = null
        }}
        onRun={() => {
          void request
            .run(() => post(`/api/${offer.action}`, offer.body))
            .then((isDone) => {
              if (isDone) asked.value = null
            })
        }}
      />
    )
  return (
    <div class="row wrap" ref={row}>
      {offers.map((one) => (
        <button
          type="button"
          key={one.action}
          class={`button${one.action === 'kill' ? ' danger' : ''}`}
          disabled={!isLive.value}
          onClick={() => {
            asked.value = one
          }}
        >
          <Icon name={one.icon} size={14} />
          {one.label}
        </button>
      ))}
    </div>
  )
}
