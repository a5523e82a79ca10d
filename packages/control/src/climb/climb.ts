import {
  type Goal,
  nextStep,
  nodeOf,
  plan,
  type Step,
  sentenceOf,
  type Topology,
} from '@banyan/model'
import type { Context } from './context.ts'
import { handlerOf } from './handlers.ts'
import { isKept, isReliable, observe } from './state.ts'

export type ClimbOptions = {
  /** Ends the climb before the first step for which this holds. */
  readonly until?: (step: Step, topology: Topology) => boolean
  /** Ends it early, but never migrations, which are to be whole. */
  readonly overtaken?: AbortSignal
}

export type Progress = { readonly step: number; readonly steps: number }

/**
 * Leads the system to a goal: look, choose the next step from what is there, do it, look again. No
 * step is done because an earlier look promised it; what somebody else did meanwhile is seen.
 */
export async function climb(
  context: Context,
  goal: Goal,
  signal: AbortSignal,
  onProgress: (progress: Progress | null) => void,
  { until, overtaken }: ClimbOptions = {},
): Promise<void> {
  const either = overtaken === undefined ? signal : AbortSignal.any([signal, overtaken])
  try {
    for (let done = 0; ; done += 1) {
      either.throwIfAborted()
      const state = observe(context, goal.power === 'on' ? isReliable : isKept)
      const step = nextStep(state, goal)
      if (step === null || until?.(step, context.topology)) return
      const progress = { step: done + 1, steps: done + plan(state, goal).length }
      onProgress(progress)
      const isMigration = step.kind === 'apply-migrations'
      await doStep(context, step, progress, isMigration ? signal : either)
    }
  } finally {
    onProgress(null)
  }
}

async function doStep(
  context: Context,
  step: Step,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const event = { type: 'step', kind: step.kind, node: nodeOf(step), ...progress } as const
  const sentence = sentenceOf(step)
  const began = performance.now()
  const say = (outcome: 'begun' | 'done' | 'failed') =>
    context.events.add({
      ...event,
      sentence,
      outcome,
      ms: outcome === 'begun' ? null : Math.round(performance.now() - began),
    })
  say('begun')
  try {
    await handlerOf(step)(context, step, signal)
    say('done')
  } catch (error) {
    say('failed')
    throw error
  }
}
