import { useEffect, useRef } from 'preact/hooks'
import type { ApiError } from '../api/ask.ts'
import { ErrorNote } from './notes.tsx'

export type ConfirmProps = {
  /** What will happen, before it does. */
  readonly says: string
  readonly label: string
  readonly isDanger?: boolean
  readonly isBusy: boolean
  readonly error: ApiError | null
  readonly onRun: () => void
  readonly onCancel: () => void
}

/** The step between a wish and what comes of it. The way back has the focus, and Escape is one as well. */
export function Confirm(props: ConfirmProps) {
  const { says, label, isDanger, isBusy, error, onRun, onCancel } = props
  const cancel = useRef<HTMLButtonElement>(null)
  useEffect(() => cancel.current?.focus(), [])
  return (
    <div
      class="confirm"
      role="alertdialog"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onCancel()
      }}
    >
      <p>{says}</p>
      <ErrorNote error={error} />
      <div class="row">
        <button type="button" class="button" ref={cancel} onClick={onCancel}>
          Cancel
        </button>
        <button
          type="button"
          class={`button ${isDanger ? 'danger' : 'primary'}`}
          disabled={isBusy}
          onClick={onRun}
        >
          {isBusy ? 'Asked…' : label}
        </button>
      </div>
    </div>
  )
}
