import type { LogLine, LogPage, Time } from '@banyan/store/api'

/** A page holds no more lines than this, so that a day of live tail weighs no more than a minute of it. */
export const mostShown = 1000

/** What a page of logs holds, newest first. */
export type Shown = {
  readonly lines: readonly LogLine[]
  /** How older ones are asked for; null: there are none. */
  readonly next: Next | null
  /** Newer lines were left out to make room for older ones. */
  readonly newerLeftOut: boolean
}

export type Next =
  /** By what the store said of its last page. */
  | { readonly kind: 'page'; readonly before: string }
  /** By time: lines fell off the end when newer ones came. */
  | { readonly kind: 'until'; readonly at: Time }

export const nothingShown: Shown = { lines: [], next: null, newerLeftOut: false }

/** New lines on top, none of them twice; what falls off the end can be asked for again. */
export const withNewer = (shown: Shown, newer: readonly LogLine[]): Shown => {
  const known = new Set(shown.lines.map(({ id }) => id))
  const fresh = newer.filter(({ id }) => !known.has(id))
  if (fresh.length === 0) return shown
  const lines = [...fresh, ...shown.lines].toSorted((a, b) => b.at - a.at)
  const kept = lines.slice(0, mostShown)
  const at = kept.at(-1)?.at
  return lines.length === kept.length || at === undefined
    ? { ...shown, lines }
    : { ...shown, lines: kept, next: { kind: 'until', at } }
}

/** Older lines below; the newest ones go where there is no more room. */
export const withOlder = (shown: Shown, page: LogPage): Shown => {
  const known = new Set(shown.lines.map(({ id }) => id))
  const lines = [...shown.lines, ...page.lines.filter(({ id }) => !known.has(id))]
  const cut = Math.max(0, lines.length - mostShown)
  return {
    lines: lines.slice(cut),
    next: page.before === null ? null : { kind: 'page', before: page.before },
    newerLeftOut: shown.newerLeftOut || cut > 0,
  }
}
