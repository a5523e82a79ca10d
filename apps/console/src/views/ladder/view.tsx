import './ladder.css'
import type { Ladder } from '@banyan/control/api'
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get } from '../../api/ask.ts'
import { climbing } from '../../live/climbing.ts'
import { isLive, live } from '../../live/live.ts'
import { route } from '../../router.ts'
import { Announcer } from '../../ui/announcer.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { useRequest } from '../../ui/use-request.ts'
import { ClimbCard } from './climb-card.tsx'
import { endedClimbs, heldSince } from './climb-words.ts'
import type { Direction } from './plan-panel.tsx'
import { Releases } from './releases.tsx'
import { Report } from './report.tsx'
import { RungRow } from './rung-row.tsx'

/** What the system is, what it could be, and the way between. */
export function LadderView() {
  const ladder = useRequest<Ladder>()
  const planned = useSignal<{ readonly rung: string; readonly direction: Direction } | null>(null)
  const climbs = useComputed(() => endedClimbs(live.events.value)).value
  const rungs = live.status.value?.rungs.join()
  const [climb, alive] = [climbing.value?.id, isLive.value]
  const { run } = ladder
  useEffect(() => {
    if (alive) void run(() => get('/api/ladder'))
  }, [rungs, climb, alive])
  return (
    <div class="ladder-view">
      <Announcer />
      <div class="ladder-main">
        <ClimbCard />
        <ErrorNote error={ladder.error.value} />
        <ol class="ladder fresh">
          {(ladder.answer.value?.rungs ?? []).map((rung) => (
            <RungRow
              key={rung.name}
              rung={rung}
              since={rung.state === 'held' ? heldSince(rung.name, climbs) : null}
              isNamed={route.value.params.get('rung') === rung.name}
              planned={planned.value?.rung === rung.name ? planned.value.direction : null}
              onPlan={(direction) => {
                planned.value = direction === null ? null : { rung: rung.name, direction }
              }}
            />
          ))}
        </ol>
      </div>
      <div class="ladder-side">
        <section class="card climbs" aria-labelledby="climbs-title">
          <h2 id="climbs-title">Last climbs</h2>
          {climbs.length === 0 ? <p class="muted">None that this page knows of.</p> : null}
          {climbs.slice(0, 8).map((one, index) => (
            <Report key={one.report.climb} climb={one} isOpen={index === 0} />
          ))}
        </section>
        <Releases />
      </div>
    </div>
  )
}
