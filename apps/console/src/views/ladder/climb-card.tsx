import { useSignal } from '@preact/signals'
import { post } from '../../api/ask.ts'
import { climbing } from '../../live/climbing.ts'
import { isLive } from '../../live/live.ts'
import { ClimbBanner } from '../../ui/climb-banner.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useRequest } from '../../ui/use-request.ts'
import { StepsNow } from './step-list.tsx'

/** The climb that goes on, step by step, with the way back. */
export function ClimbCard() {
  const climb = climbing.value
  const isAsked = useSignal(false)
  const request = useRequest<unknown>()
  if (climb === null) return null
  const turn = () =>
    void request
      .run(() => post('/api/turn', { climb: climb.id }))
      .then((isDone) => {
        if (isDone) isAsked.value = false
      })
  return (
    <div class="climb-card">
      <ClimbBanner />
      <div class="card climb-steps">
        <StepsNow steps={climb.steps} />
        {isAsked.value ? (
          <Confirm
            says="The step that is under way is ended, and what was done is undone, step by step. The app goes on meanwhile."
            label="Go back"
            isBusy={request.isBusy.value}
            error={request.error.value}
            onCancel={() => {
              isAsked.value = false
            }}
            onRun={turn}
          />
        ) : climb.isTurned ? null : (
          <button
            type="button"
            class="button"
            disabled={!isLive.value}
            onClick={() => {
              request.clear()
              isAsked.value = true
            }}
          >
            <Icon name="undo" size={14} />
            Go back…
          </button>
        )}
      </div>
    </div>
  )
}
