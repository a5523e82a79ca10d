import type { Entry, Incident } from './incidents.ts'

/** A stretch of an incident between two entries, as a part of a bar. */
export type Phase = {
  readonly number: number
  readonly words: string
  readonly fromMs: number
  readonly toMs: number
  readonly name: 'unnoticed' | 'fencing' | 'promoting' | 'opening' | 'failed' | 'starting' | 'held'
}

type Ending = Entry['name']

const phaseBefore: Partial<Readonly<Record<Ending, Pick<Phase, 'name' | 'words'>>>> = {
  noticed: { name: 'unnoticed', words: 'until it was noticed' },
  fenced: { name: 'fencing', words: 'until the old primary was fenced' },
  promoted: { name: 'promoting', words: 'until the new one was promoted' },
  writing: { name: 'opening', words: 'until it took writes' },
  resumed: { name: 'held', words: 'paused' },
  healed: { name: 'held', words: 'cut off' },
  starting: { name: 'failed', words: 'until it was started again' },
  healthy: { name: 'starting', words: 'until it was well' },
}

/**
 * The stretches of an incident. Of one in which the writes moved, those until somebody took them again: what follows
 * costs nobody anything, and would dwarf them.
 */
export function phasesOf({ entries, promotion }: Incident): readonly Phase[] {
  const end = entries.findIndex(({ name }) => name === 'writing')
  const shown = promotion !== null && end >= 0 ? entries.slice(0, end + 1) : entries
  const phases: Phase[] = []
  for (const [index, entry] of shown.entries()) {
    const before = shown[index - 1]
    const phase = phaseBefore[entry.name]
    if (before === undefined || phase === undefined) continue
    phases.push({ ...phase, number: phases.length + 1, fromMs: before.ms, toMs: entry.ms })
  }
  return phases
}

/** How wide a phase is drawn, in parts of 100, so that the shortest can be seen and all fit. */
export function sharesOf(phases: readonly Phase[]): readonly number[] {
  const least = Math.min(6, 100 / Math.max(1, phases.length))
  const total = phases.reduce((all, { fromMs, toMs }) => all + toMs - fromMs, 0)
  const raw = phases.map(({ fromMs, toMs }) =>
    Math.max(least, total === 0 ? least : (100 * (toMs - fromMs)) / total),
  )
  const sum = raw.reduce((all, one) => all + one, 0)
  return raw.map((one) => (100 * one) / sum)
}

/** What an incident cost, in one sentence. */
export function costOf({ node, kind, entries, promotion, isOver }: Incident): string {
  const writing = entries.find(({ name }) => name === 'writing')
  if (promotion !== null && writing !== undefined)
    return `${promotion.to} takes the writes. Nobody could write for ${Math.round(writing.ms)} ms.`
  const last = entries.at(-1)
  if (isOver && last?.name === 'healthy') return `${node} is well again after ${inWords(last.ms)}.`
  if (isOver) return `It is over.`
  if (kind === 'paused') return `${node} is paused until it is resumed.`
  if (kind === 'partitioned') return `${node} is cut off until it is healed.`
  return `It goes on.`
}

const inWords = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
