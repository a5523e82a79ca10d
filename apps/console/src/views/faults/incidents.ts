import type { ControlEvent, PromotionStatus } from '@banyan/control/api'

/** What happened to a node and what came of it, put together from what control said. */

export type IncidentKind = 'killed' | 'paused' | 'partitioned' | 'failed' | 'switchover'

export type Entry = {
  readonly at: number
  /** Since the incident began. */
  readonly ms: number
  readonly name:
    | IncidentKind
    | 'noticed'
    | 'fenced'
    | 'promoted'
    | 'writing'
    | 'resumed'
    | 'healed'
    | 'starting'
    | 'healthy'
  readonly words: string
}

export type Incident = {
  readonly key: string
  readonly node: string
  readonly kind: IncidentKind
  readonly at: number
  /** In order of time; the first is what began it. */
  readonly entries: readonly Entry[]
  /** Who has taken the writes, and from whom; null where that did not come of it. */
  readonly promotion: PromotionStatus | null
  readonly isOver: boolean
}

type Draft = {
  node: string
  kind: IncidentKind
  at: number
  marks: { at: number; name: Entry['name']; words: string }[]
  promotion: PromotionStatus | null
  isFailed: boolean
  isHeld: boolean
  isOver: boolean
}

/**
 * Everything that happened, oldest first. `promotions` are those that control knows of besides: one whose event is
 * not kept any more is told all the same.
 */
export function incidentsOf(
  events: readonly ControlEvent[],
  promotions: readonly PromotionStatus[] = [],
): readonly Incident[] {
  const drafts: Draft[] = []
  for (const event of events) take(drafts, event)
  for (const promotion of promotions) addPromotion(drafts, promotion)
  return drafts.map(incidentOf).toSorted((one, other) => one.at - other.at)
}

function take(drafts: Draft[], event: ControlEvent): void {
  const at = Date.parse(event.at)
  if (event.type === 'fault') takeFault(drafts, event, at)
  if (event.type === 'node') takeNode(drafts, event, at)
  if (event.type === 'promotion') addPromotion(drafts, event.promotion)
}

function takeFault(
  drafts: Draft[],
  { node, fault }: Extract<ControlEvent, { type: 'fault' }>,
  at: number,
): void {
  if (fault === 'resumed' || fault === 'healed') {
    const draft = openOf(drafts, node)
    if (draft === undefined) return
    draft.marks.push({ at, name: fault, words: fault })
    draft.isHeld = false
    draft.isOver = !draft.isFailed
    return
  }
  const before = openOf(drafts, node)
  if (before !== undefined && isNoticeOf(before, at)) {
    // It was noticed before it was written down: that is no failure of its own.
    drafts.splice(drafts.indexOf(before), 1)
    const draft = begin(node, fault, before.at, fault)
    draft.marks.push({ at: before.at, name: 'noticed', words: 'noticed' })
    drafts.push({ ...draft, isFailed: true })
    return
  }
  if (before !== undefined) before.isOver = true
  drafts.push(begin(node, fault, at, fault))
}

const isNoticeOf = ({ kind, marks, at: noticedAt }: Draft, at: number): boolean =>
  kind === 'failed' && marks.length === 1 && at - noticedAt <= -earliestMs

function takeNode(
  drafts: Draft[],
  { node, health, sentence }: Extract<ControlEvent, { type: 'node' }>,
  at: number,
): void {
  const draft = openOf(drafts, node)
  if (draft === undefined) {
    if (health === 'failed') drafts.push({ ...begin(node, 'failed', at, sentence), isFailed: true })
    return
  }
  if (health === 'failed' && !draft.isFailed) {
    draft.isFailed = true
    draft.marks.push({ at, name: 'noticed', words: 'noticed' })
  }
  if (health === 'starting' && draft.marks.at(-1)?.name !== 'starting')
    draft.marks.push({ at, name: 'starting', words: 'starting again' })
  if (health !== 'healthy' || draft.isHeld) return
  draft.marks.push({ at, name: 'healthy', words: 'healthy again' })
  draft.isOver = true
}

const begin = (node: string, kind: IncidentKind, at: number, words: string): Draft => ({
  node,
  kind,
  at,
  marks: [{ at, name: kind, words }],
  promotion: null,
  isFailed: false,
  isHeld: kind === 'paused' || kind === 'partitioned',
  isOver: false,
})

const openOf = (drafts: readonly Draft[], node: string): Draft | undefined =>
  drafts.findLast((draft) => draft.node === node && !draft.isOver && draft.kind !== 'switchover')

/** A promotion comes of what befell the old primary just before: control notices nothing later than this. */
const latestMs = 120_000
/** What was done is written down a moment after it was done, and may have been noticed by then. */
const earliestMs = -1_000

function addPromotion(drafts: Draft[], promotion: PromotionStatus): void {
  if (drafts.some((draft) => draft.promotion?.term === promotion.term)) return
  const at = Date.parse(promotion.at)
  const cause = drafts.findLast(
    (draft) =>
      draft.node === promotion.from &&
      draft.promotion === null &&
      at - draft.at >= earliestMs &&
      at - draft.at <= latestMs,
  )
  const isAsked = promotion.reason === 'switchover'
  if (cause !== undefined && !isAsked) {
    cause.promotion = promotion
    // What was said of the node before somebody else took the writes is the noticing, by whatever name.
    const writingAt = at + promotion.writingMs
    const isKept = ({ name, at }: Draft['marks'][number]) =>
      name !== 'noticed' && (name !== 'starting' || at > writingAt)
    cause.marks = [...cause.marks.filter(isKept), ...marksOf(promotion)]
    return
  }
  const kind = isAsked ? 'switchover' : 'failed'
  const words = isAsked ? 'switchover asked for' : 'it took no writes any more'
  const draft = begin(promotion.from, kind, at, words)
  const [, ...marks] = marksOf(promotion)
  drafts.push({ ...draft, promotion, isOver: true, marks: [...draft.marks, ...marks] })
}

function marksOf(promotion: PromotionStatus): Draft['marks'] {
  const at = Date.parse(promotion.at)
  const stopped = promotion.reason === 'switchover' ? 'stopped' : 'fenced'
  return [
    { at, name: 'noticed', words: 'noticed' },
    { at: at + promotion.fencedMs, name: 'fenced', words: `${promotion.from} ${stopped}` },
    { at: at + promotion.promotedMs, name: 'promoted', words: `${promotion.to} promoted` },
    { at: at + promotion.writingMs, name: 'writing', words: 'writing again' },
  ]
}

function incidentOf(draft: Draft): Incident {
  const { node, kind, at, promotion, isOver } = draft
  const [first, ...rest] = draft.marks
  const later = rest.toSorted((one, other) => one.at - other.at)
  const marks = first === undefined ? later : [first, ...later]
  const entries = marks.map((mark) => ({ ...mark, ms: Math.max(0, mark.at - at) }))
  return { key: `${node}-${at}-${kind}`, node, kind, at, entries, promotion, isOver }
}
