import type { Confirming, MemberPlace } from './member.ts'
import type { Promotion } from './record.ts'

/** What is done next about the primary, or about who becomes it; each in one sentence. */
export type MainAction = { readonly sentence: string } & (
  | { readonly kind: 'rest' }
  /** Nothing can be done now; it is looked again. */
  | { readonly kind: 'wait' }
  /** Nothing can be done at all until somebody does what the sentence says. */
  | { readonly kind: 'refuse' }
  | { readonly kind: 'fence'; readonly name: string }
  | { readonly kind: 'start-primary'; readonly name: string; readonly confirming: Confirming }
  | { readonly kind: 'start-heir'; readonly name: string; readonly of: MemberPlace }
  /** Writes the promotion down; from then on it is only ever finished. */
  | { readonly kind: 'elect'; readonly promotion: Promotion; readonly ahead: readonly string[] }
  | {
      readonly kind: 'promote'
      readonly name: string
      readonly confirming: Confirming
      readonly followers: readonly string[]
      /** Those of them that run and are to go on: each is told once more when it is open, so that it looks at once. */
      readonly awake: readonly string[]
      /** Written as soon as it is open, where somebody can confirm it; null: where nobody can. */
      readonly term: number | null
    }
  | {
      readonly kind: 'write-term'
      readonly name: string
      readonly term: number
      /** Who is told to follow meanwhile: one that lost its source asks again after a pause, or when it is told. */
      readonly awake: readonly string[]
    }
  | { readonly kind: 'finish'; readonly promotion: Promotion }
  | { readonly kind: 'take-back'; readonly promotion: Promotion }
  | { readonly kind: 'confirm'; readonly name: string; readonly confirming: Confirming }
  | { readonly kind: 'record'; readonly confirming: readonly string[]; readonly quorum: number }
)

/** What is done about one member beside it. */
export type MemberAction = { readonly name: string; readonly sentence: string } & (
  | { readonly kind: 'start'; readonly of: MemberPlace }
  | { readonly kind: 'fence' }
  | { readonly kind: 'follow'; readonly of: MemberPlace }
  | { readonly kind: 'rebuild'; readonly of: MemberPlace }
  /** It was to take over once, and did not. */
  | { readonly kind: 'unprepare' }
  /** Its copy is not believed any more: it is made anew. */
  | { readonly kind: 'disbelieve' }
)

export type Plan = { readonly main: MainAction; readonly members: readonly MemberAction[] }
