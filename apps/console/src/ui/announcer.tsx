import { live } from '../live/live.ts'

/** Says what matters to whoever hears the page: faults, nodes that fail, who takes the writes, climbs. */
export function Announcer() {
  const last = live.events.value.findLast(
    (event) =>
      event.type === 'fault' ||
      event.type === 'promotion' ||
      event.type === 'climb' ||
      (event.type === 'node' && event.health === 'failed'),
  )
  return (
    <div class="sr-only" aria-live="polite">
      {last?.sentence}
    </div>
  )
}
