import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** A fault of ours in one view leaves the others as they are, and says what it was. */
export function Boundary({ children }: { readonly children: ComponentChildren }) {
  const [thrown, reset] = useErrorBoundary((error) => console.error(error))
  if (thrown === undefined) return <>{children}</>
  return (
    <div class="note bad" role="alert">
      <Icon name="failed" />
      <div>
        <p>
          <strong>This view cannot be shown.</strong>
        </p>
        <p class="mono">{thrown instanceof Error ? thrown.message : String(thrown)}</p>
        <button type="button" class="button" onClick={reset}>
          Show it again
        </button>
      </div>
    </div>
  )
}
