import type { PlannedSteps } from '@banyan/control/api'
import { useEffect, useRef } from 'preact/hooks'
import { post } from '../../api/ask.ts'
import { isLive } from '../../live/live.ts'
import { ErrorNote } from '../../ui/notes.tsx'
import { useRequest } from '../../ui/use-request.ts'

export type Direction = 'grow' | 'shrink'

const verbs = { grow: 'Grow', shrink: 'Shrink' } as const

/** The steps to or from a rung, each with its way back, before any of them is done. */
export function PlanPanel(props: {
  readonly rung: string
  readonly direction: Direction
  readonly onClose: () => void
}) {
  const { rung, direction, onClose } = props
  const plan = useRequest<PlannedSteps>()
  const climb = useRequest<unknown>()
  const heading = useRef<HTMLHeadingElement>(null)
  const { run } = plan
  useEffect(() => {
    heading.current?.focus()
    void run(() => post('/api/plan', { direction, rungs: [rung] }))
  }, [rung, direction])
  const begin = () =>
    void climb
      .run(() => post('/api/climb', { direction, rungs: [rung] }))
      .then((isBegun) => {
        if (!isBegun) return
        onClose()
        scrollTo({ top: 0, behavior: 'smooth' })
      })
  const steps = plan.answer.value?.steps ?? []
  return (
    <section
      class="plan"
      aria-label={`Plan: ${direction} ${rung}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose()
      }}
    >
      <h3 ref={heading} tabIndex={-1}>
        {plan.isBusy.value
          ? 'Planning…'
          : `${steps.length} steps, one after the other, while the app goes on`}
      </h3>
      <ErrorNote error={plan.error.value} />
      <ol class="planned">
        {steps.map(({ sentence, undo }, index) => (
          <li key={`${index}-${sentence}`}>
            <span class="planned-number">{index + 1}</span>
            <span>{sentence}</span>
            <span class="planned-undo">Undo: {undo}</span>
          </li>
        ))}
      </ol>
      <ErrorNote error={climb.error.value} />
      <div class="row">
        <button
          type="button"
          class="button primary"
          disabled={plan.answer.value === null || climb.isBusy.value || !isLive.value}
          onClick={begin}
        >
          {climb.isBusy.value
            ? 'Asked…'
            : `${verbs[direction]} ${direction === 'grow' ? 'to' : 'by'} ${rung}`}
        </button>
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </section>
  )
}
