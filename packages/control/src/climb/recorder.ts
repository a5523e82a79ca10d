import { nodeOf } from '@banyan/model'
import type { ClimbedStep } from '../api/types.ts'
import type { Journal } from '../journal/journal.ts'
import type { StepRecorder } from './climb.ts'

/** Writes each step down before it is done, and keeps what was done for the report. */
export function recorderOf(
  journal: Journal,
  climb: string,
  stepsBefore: number,
  climbed: ClimbedStep[],
): StepRecorder {
  const n = () => stepsBefore + climbed.length
  return {
    begun: async (step, sentence) => {
      await journal.append({ kind: 'step', climb, n: n() + 1, step, sentence })
      const { kind } = step
      climbed.push({ kind, node: nodeOf(step), sentence, ms: null, outcome: 'interrupted' })
    },
    ended: async (ms, outcome) => {
      const last = climbed.pop()
      if (last !== undefined) climbed.push({ ...last, ms, outcome })
      await journal.append({ kind: 'did', climb, n: n(), ms, outcome })
    },
  }
}
