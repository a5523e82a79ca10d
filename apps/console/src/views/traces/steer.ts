import type { Shown } from './fold.ts'

/** Has what is below a span hidden, or seen again. */
export type Fold = (span: string, isFolded: boolean) => void

/** Up and down: to the next row. Left: fold, or to the row above it. Right: open, or to the first below. */
export function steer(
  event: KeyboardEvent,
  list: HTMLElement | null,
  shown: readonly Shown[],
  fold: Fold,
): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>('button.span-row') ?? [])]
  const at = rows.indexOf(document.activeElement as HTMLElement)
  const here = shown[at]
  if (here === undefined || !event.key.startsWith('Arrow')) return
  event.preventDefault()
  const { span, depth } = here.row
  if (event.key === 'ArrowLeft' && here.below > 0 && !here.isFolded) fold(span.span, true)
  else if (event.key === 'ArrowRight' && here.isFolded) fold(span.span, false)
  else rows[nextOf(event.key, shown, at, depth)]?.focus()
}

function nextOf(key: string, shown: readonly Shown[], at: number, depth: number): number {
  if (key === 'ArrowLeft') return shown.slice(0, at).findLastIndex(({ row }) => row.depth < depth)
  if (key === 'ArrowRight') return (shown[at]?.below ?? 0) > 0 ? at + 1 : at
  return key === 'ArrowDown' ? at + 1 : at - 1
}
