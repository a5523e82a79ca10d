import type { NodeHealth } from '@banyan/model'
import type { Exit } from '../sites/site.ts'
import { neverMs, quickExitsOfLoop } from './backoff.ts'

/** What is known of a node at one moment; times are milliseconds of a monotonic clock. */
export type NodeFacts = {
  readonly wanted: boolean
  readonly running: boolean
  /** Whether it stands still because somebody paused it. */
  readonly paused: boolean
  /** Whether somebody has cut it off, so that nobody reaches it. Absent: no. */
  readonly cut?: boolean
  /** Whether what it needs (the database, for a service) is healthy. */
  readonly mayStart: boolean
  readonly startedAtMs: number | null
  /** Since when it has been ready without a break; null while it is not. */
  readonly readySinceMs: number | null
  readonly missedProbes: number
  /** What the last probe found missing. */
  readonly missing: string | null
  readonly quickExits: number
  readonly retryAtMs: number
  readonly lastExit: Exit | null
  /** Why the last start did not even begin. */
  readonly startFailure: string | null
  readonly startTimeoutMs: number
}

/**
 * `stopped` and `stopping`: not wanted (any more). `due`: to be started now. `waiting`: to be started
 * later. `held`: to be started once what it needs is there. `rising`: runs, not ready yet. `late`:
 * runs, and should be ready by now. `healthy`: ready. `silent`: was ready, and no longer answers.
 * `paused`: stands still until somebody lets it go on.
 */
export type Situation =
  | 'stopped'
  | 'stopping'
  | 'due'
  | 'waiting'
  | 'held'
  | 'rising'
  | 'late'
  | 'healthy'
  | 'silent'
  | 'paused'

const missedProbesMax = 3

/** Names the situation of a node. Pure: reads nothing but its arguments. */
export function classify(facts: NodeFacts, nowMs: number): Situation {
  if (!facts.wanted) return facts.running ? 'stopping' : 'stopped'
  if (!facts.running) {
    if (nowMs < facts.retryAtMs) return 'waiting'
    return facts.mayStart ? 'due' : 'held'
  }
  // One that was to come up has failed to, whatever keeps it from that.
  const overdue = nowMs - (facts.startedAtMs ?? nowMs) > facts.startTimeoutMs
  if (facts.paused && (facts.readySinceMs !== null || !overdue)) return 'paused'
  if (facts.missedProbes >= missedProbesMax && facts.readySinceMs !== null) return 'silent'
  if (facts.readySinceMs !== null) return 'healthy'
  return overdue ? 'late' : 'rising'
}

/** The health that people see. A crash loop has failed, however hopeful the present attempt looks. */
export function healthOf(situation: Situation, facts: NodeFacts): NodeHealth {
  switch (situation) {
    case 'stopped':
      return 'stopped'
    case 'stopping':
      return 'draining'
    case 'healthy':
      // Whoever asks it gets no answer, also before that was noticed.
      return facts.cut === true ? 'failed' : 'healthy'
    case 'silent':
    case 'late':
    case 'paused':
      return 'failed'
    case 'waiting':
      if (waitsForChange(facts)) return 'failed'
      return facts.quickExits >= quickExitsOfLoop ? 'failed' : 'starting'
    default:
      return facts.quickExits >= quickExitsOfLoop ? 'failed' : 'starting'
  }
}

/** One sentence for people: the same in the log, on the command line and in the API. */
export function sentenceOf(
  node: string,
  situation: Situation,
  facts: NodeFacts,
  nowMs: number,
): string {
  if (facts.cut === true && facts.running && facts.wanted && situation !== 'paused') {
    return `${node} runs, but nobody reaches it: ${sayCut(node)}.`
  }
  switch (situation) {
    case 'stopped':
      return `${node} is stopped.`
    case 'stopping':
      return `${node} is finishing what it does and stops.`
    case 'healthy':
      return `${node} is healthy.`
    case 'silent':
      return `${node} runs, but no longer answers: ${facts.missing ?? 'no reason is known'}.`
    case 'late':
      return `${node} is not ready after ${seconds(facts.startTimeoutMs)}: ${facts.missing ?? 'no reason is known'}.`
    case 'paused':
      return `${node} runs, but no longer answers: ${sayPaused(node)}.`
    case 'rising':
      return `${node} is starting.`
    case 'due':
      return facts.quickExits === 0 ? `${node} is to be started.` : restartSentence(node, facts)
    case 'held':
      return `${node} waits for the database.`
    case 'waiting':
      if (waitsForChange(facts)) return crashSentence(node, facts)
      return `${restartSentence(node, facts).slice(0, -1)}; next try in ${seconds(facts.retryAtMs - nowMs)}.`
  }
}

/** Whether it crashed, and is started again only when it is asked for. */
export function waitsForChange({ running, retryAtMs }: NodeFacts): boolean {
  return !running && retryAtMs === neverMs
}

/** Why a node that stands still gives no answer. */
export function sayPaused(node: string): string {
  return `it is paused on purpose, and "banyan resume ${node}" lets it go on`
}

/** Why a node that is cut off gives no answer. */
function sayCut(node: string): string {
  return `it is cut off on purpose, and "banyan heal ${node}" mends that`
}

function crashSentence(node: string, { startFailure, lastExit }: NodeFacts): string {
  if (startFailure !== null) {
    return `${node} could not be started: ${startFailure.replace(/\.$/, '')}. It waits for the next change.`
  }
  return `${node} crashed (${sayExit(lastExit)}) and waits for the next change.`
}

function restartSentence(node: string, facts: NodeFacts): string {
  if (facts.startFailure !== null) {
    return `${node} could not be started, tried ${facts.quickExits} times: ${facts.startFailure.replace(/\.$/, '')}.`
  }
  const how = sayExit(facts.lastExit)
  if (facts.quickExits < quickExitsOfLoop) return `${node} ended (${how}) and is started again.`
  return `${node} exits at once (${how}), tried ${facts.quickExits} times.`
}

/** `code 1`, `signal SIGKILL`. */
export function sayExit(exit: Exit | null): string {
  if (exit === null || (exit.code === null && exit.signal === null)) return 'nobody saw how'
  return exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`
}

function seconds(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1).replace(/\.0$/, '')} s`
}
