import './diagram.css'
import { useEffect, useRef } from 'preact/hooks'
import { live } from '../../live/live.ts'
import { route } from '../../router.ts'
import { Alerts } from '../../ui/alerts.tsx'
import { Announcer } from '../../ui/announcer.tsx'
import { ClimbBanner } from '../../ui/climb-banner.tsx'
import { Legend } from './legend.tsx'
import { useWidth } from './measured.ts'
import { NodeSheet } from './node-sheet.tsx'
import { openNode } from './open-node.ts'
import { Recent } from './recent.tsx'
import { Stage } from './stage.tsx'

/** The running system, drawn as it is. */
export function DiagramView() {
  const { place, width } = useWidth<HTMLDivElement>()
  const scroller = useRef<HTMLDivElement>(null)
  const opened = route.value.params.get('node')
  const isOpen = opened !== null && live.placed.value.some(({ name }) => name === opened)
  useEffect(() => {
    if (isOpen)
      find(scroller.current, opened)?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [isOpen, opened])
  const close = () => {
    openNode(null)
    find(scroller.current, opened)?.focus()
  }
  return (
    <div class="diagram" ref={place}>
      <Announcer />
      <ClimbBanner />
      <Alerts />
      <div class={`scroller fresh${isOpen ? ' has-sheet' : ''}`} ref={scroller}>
        {width.value === 0 || live.status.value === null ? null : <Stage width={width.value} />}
      </div>
      <Legend />
      <Recent />
      {isOpen ? <NodeSheet name={opened} onClose={close} /> : null}
    </div>
  )
}

const find = (place: HTMLElement | null, name: string | null): HTMLElement | null =>
  place?.querySelector<HTMLElement>(`[data-node="${CSS.escape(name ?? '')}"]`) ?? null
