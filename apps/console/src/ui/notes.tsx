import type { ApiError } from '../api/ask.ts'
import { Icon } from './icon.tsx'

/** What was refused or failed, with the mend. */
export function ErrorNote({ error }: { readonly error: ApiError | null }) {
  if (error === null) return null
  return (
    <div class="note bad" role="alert">
      <Icon name="warn" />
      <div>
        <p>{error.message}</p>
        {error.hint === null ? null : <p class="muted">{error.hint}</p>}
        <p class="muted mono">{error.code}</p>
      </div>
    </div>
  )
}
