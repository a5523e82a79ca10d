import './faults.css'
import { useComputed } from '@preact/signals'
import { live } from '../../live/live.ts'
import { hrefOf } from '../../route.ts'
import { route } from '../../router.ts'
import { Announcer } from '../../ui/announcer.tsx'
import { ClimbBanner } from '../../ui/climb-banner.tsx'
import { Audit } from './audit.tsx'
import { incidentsOf } from './incidents.ts'
import { PickNode } from './pick-node.tsx'
import { TimeLine } from './time-line.tsx'

const shownMax = 20

/** What can be done to a node, what came of what was done, and who did it. */
export function FaultsView() {
  const incidents = useComputed(() => {
    const known = (live.status.value?.shards ?? []).flatMap(
      ({ lastPromotion }) => lastPromotion ?? [],
    )
    return incidentsOf(live.events.value, known).toReversed().slice(0, shownMax)
  }).value
  return (
    <div class="faults">
      <Announcer />
      <ClimbBanner />
      <PickNode chosen={route.value.params.get('node')} />
      <section class="happened" aria-labelledby="happened-title">
        <h2 id="happened-title">What happened</h2>
        {incidents.length === 0 ? (
          <NothingKnown />
        ) : (
          incidents.map((incident) => <TimeLine key={incident.key} incident={incident} />)
        )}
      </section>
      <Audit />
    </div>
  )
}

/** Control tells what happened since it was started, which is not all that ever did. */
function NothingKnown() {
  return (
    <p class="muted">
      Nothing has failed since control was started, and nobody has done anything to a node. What was
      before is marked on the{' '}
      <a href={hrefOf('charts', { range: '24h' })}>charts of the last day</a>.
    </p>
  )
}
