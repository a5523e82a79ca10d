import type { ApiError } from '../api/ask.ts'
import { Icon } from '../ui/icon.tsx'
import './trouble.css'

/** The store is away, which is said once and in one way; everything else is the server's own sentence. */
export const isAway = ({ status }: ApiError): boolean => status === 503 || status === 0

/**
 * Why there is nothing to see, and what mends it. `what` is what cannot be seen meanwhile.
 *
 * @example
 * <Trouble error={error} what="Charts" />
 */
export function Trouble({
  error,
  what,
  again,
}: {
  readonly error: ApiError
  readonly what: string
  readonly again?: () => void
}) {
  return (
    <div class="note warn trouble" role="status">
      <Icon name="warn" />
      <div>
        <p>
          <strong>{headOf(error, what)}</strong>
        </p>
        <p>{error.message}</p>
        {error.hint === null ? null : <p class="muted">{error.hint}</p>}
      </div>
      {again === undefined ? null : (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

const headOf = (error: ApiError, what: string): string => {
  if (error.status === 503) return `${what} are away.`
  if (error.status === 0) return `${what} cannot be asked for.`
  return `${what} were not given.`
}

/** Bars where something is about to stand. */
export function Skeleton({
  lines = 5,
  label,
}: {
  readonly lines?: number
  readonly label: string
}) {
  return (
    <div class="skeleton" role="status">
      <span class="sr-only">{label}</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} class="ghost" aria-hidden="true" />
      ))}
    </div>
  )
}

/** There is nothing, and why. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children?: preact.ComponentChildren
}) {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
    </div>
  )
}
