import { BanyanError } from './banyan-error.ts'
import { freezeDeep } from './freeze.ts'
import type { State } from './state.ts'
import { nodeOf, type Step } from './step.ts'
import type { StepRow } from './step-row.ts'
import { stepTable } from './step-table.ts'

/** A step as people and `banyan plan --json` see it. */
export type StepDescription = {
  readonly kind: Step['kind']
  readonly node: string | null
  readonly sentence: string
  /** How it is taken back, or why it is not. */
  readonly undo: string
}

/** Why a step cannot be done in a state, or null when it can. */
export const obstacleTo = (state: State, step: Step): string | null =>
  rowOf(step).obstacle(state, step)

/**
 * The state after a step.
 *
 * @throws BANYAN_STEP_REFUSED when the step cannot be done in that state.
 */
export const simulate = (state: State, step: Step): State => {
  const obstacle = obstacleTo(state, step)
  if (obstacle !== null) {
    throw new BanyanError(
      'BANYAN_STEP_REFUSED',
      `The step ${step.kind} cannot be done: ${obstacle}.`,
      {
        hint: 'Look at what runs (banyan status), and plan again.',
        details: { step, obstacle },
      },
    )
  }
  return freezeDeep(rowOf(step).effect(state, step))
}

/** The step that takes a step back, told from the state before it; null when nothing can. */
export const undoOf = (state: State, step: Step): Step | null =>
  freezeDeep(rowOf(step).undo(state, step))

/** One human sentence: `Start web-1 with release r1.` */
export const sentenceOf = (step: Step): string => rowOf(step).sentence(step)

export const describeStep = (state: State, step: Step): StepDescription => {
  const undo = undoOf(state, step)
  const { final = 'Nothing takes it back.' } = rowOf(step)
  const undoSentence = undo ? sentenceOf(undo) : final
  return { kind: step.kind, node: nodeOf(step), sentence: sentenceOf(step), undo: undoSentence }
}

/** The row of a step's own kind takes that step; the table's type says so, but not through a lookup. */
const rowOf = (step: Step): StepRow<Step['kind']> =>
  stepTable[step.kind] as unknown as StepRow<Step['kind']>
