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
    }
  | { readonly kind: 'write-term'; readonly name: string; readonly term: number }
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
  /** Its copy is not believed any more: it is made anew. */
  | { readonly kind: 'disbelieve' }
)

export type Plan = { readonly main: MainAction; readonly members: readonly MemberAction[] }
