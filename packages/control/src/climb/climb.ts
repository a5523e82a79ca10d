import {
  BanyanError,
  type Goal,
  isReached,
  nextStep,
  nodeOf,
  plan,
  type Step,
  sentenceOf,
  type Topology,
} from '@banyan/model'
import { inPlace } from '../releases/releases.ts'
import type { Context } from './context.ts'
import { handlerOf } from './handlers.ts'
import { learnPlainOnes } from './learn-plain.ts'
import { isKept, isReliable, observe } from './state.ts'

export type ClimbOptions = {
  /** Ends the climb before the first step for which this holds. */
  readonly until?: (step: Step, topology: Topology) => boolean
  /** Ends it early, but never migrations, which are to be whole. */
  readonly overtaken?: AbortSignal
  readonly onProgress?: (progress: Progress | null) => void
  readonly recorder?: StepRecorder
}

export type Progress = { readonly step: number; readonly steps: number }

/** Who writes down what is about to be done; a step that cannot be written down is not done. */
export type StepRecorder = {
  begun(step: Step, sentence: string): Promise<void>
  ended(ms: number, outcome: 'done' | 'failed'): Promise<void>
}

const nobody: StepRecorder = { begun: async () => {}, ended: async () => {} }

/**
 * Leads the system to `desired`: look, choose the next step from what is there, do it, look again. No
 * step is done because an earlier look promised it; what somebody else did meanwhile is seen.
 */
export async function climb(
  context: Context,
  power: Goal['power'],
  signal: AbortSignal,
  options: ClimbOptions = {},
): Promise<void> {
  const { until, overtaken, onProgress = () => {}, recorder = nobody } = options
  const either = overtaken === undefined ? signal : AbortSignal.any([signal, overtaken])
  try {
    for (let done = 0; ; done += 1) {
      either.throwIfAborted()
      // The system may turn out to be another than it was thought to be.
      if (power === 'on') await learnPlainOnes(context)
      const goal = goalOf(context, power)
      const state = observe(context, power === 'on' ? isReliable : isKept)
      const step = nextStep(state, goal)
      if (step === null && !isReached(state, goal)) throw stuck(goal)
      if (step === null || until?.(step, context.topology)) return
      const progress = { step: done + 1, steps: done + plan(state, goal).length }
      onProgress(progress)
      const ending = step.kind === 'apply-migrations' ? signal : either
      await doStep(context, step, progress, ending, recorder)
    }
  } finally {
    onProgress(null)
  }
}

/** A fault of the plan: it says so, rather than that all is well. */
function stuck({ topology }: Goal): BanyanError {
  const rungs = topology.rungs.join(', ')
  return new BanyanError('BANYAN_CLIMB_STUCK', `No step leads on to ${rungs}.`, {
    hint: 'This is a fault of Banyan. What runs goes on running; "banyan status" says what that is.',
  })
}

export function goalOf(context: Context, power: Goal['power']): Goal {
  const { desired, release, system, trial, contracts } = context
  const builds = release !== inPlace && system.services.some(({ build }) => build !== null)
  return {
    topology: desired,
    release,
    power,
    ...(builds && { builds }),
    ...(trial && { trial }),
    ...(contracts.length > 0 && { contracts: true }),
    quorum: quorumOf(system),
  }
}

/** A release that was taken by an earlier version says nothing of it. */
function quorumOf({ data }: Context['system']): number {
  const { quorum = 1, durability = 'required' } = data?.synchronous ?? {}
  return durability === 'required' ? quorum : 0
}

async function doStep(
  context: Context,
  step: Step,
  progress: Progress,
  signal: AbortSignal,
  recorder: StepRecorder,
): Promise<void> {
  const event = { type: 'step', kind: step.kind, node: nodeOf(step), ...progress } as const
  const sentence = sentenceOf(step)
  await recorder.begun(step, sentence)
  const began = performance.now()
  const elapsed = () => Math.round(performance.now() - began)
  const say = (outcome: 'begun' | 'done' | 'failed') =>
    context.events.add({ ...event, sentence, outcome, ms: outcome === 'begun' ? null : elapsed() })
  say('begun')
  try {
    await handlerOf(step)(context, step, signal)
  } catch (error) {
    say('failed')
    await recorder.ended(elapsed(), 'failed').catch(() => {})
    throw error
  }
  say('done')
  await recorder.ended(elapsed(), 'done')
}
