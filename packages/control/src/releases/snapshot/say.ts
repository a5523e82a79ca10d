import type { Tree } from './tree.ts'

const number = new Intl.NumberFormat('en-US')
const megabytes = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })

/** "Copied 1,093 files of the app (8.9 MB) in 210 ms." */
export function sayAmount(
  what: string,
  entries: readonly { readonly kind: string; readonly size: number }[],
  tookMs: number,
): string {
  const files = entries.filter(({ kind }) => kind === 'file').length
  const bytes = entries.reduce((sum, { size }) => sum + size, 0)
  return `Copied ${number.format(files)} files of ${what} (${megabytes.format(bytes / 1e6)} MB) in ${number.format(Math.round(tookMs))} ms.`
}

export function saySkipped({ path, what }: Tree['skipped'][number]): string {
  return `${path} is a ${what}, which no release can hold: it was left out.`
}
