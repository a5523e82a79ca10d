import type { JournalEntry, JournalLine } from './entry.ts'

/** Lines of a climb as control would write them. */
export const begun = (climb: string): JournalEntry => ({
  kind: 'climb',
  climb,
  direction: 'grow',
  from: ['single'],
  to: ['single', 'balanced'],
  release: 'r1',
})

export const step = (climb: string, n: number): JournalEntry => ({
  kind: 'step',
  climb,
  n,
  step: { kind: 'stop-node', node: `web-${n}` },
  sentence: `Let web-${n} finish, and stop it.`,
})

export const did = (
  climb: string,
  n: number,
  outcome: 'done' | 'failed' = 'done',
): JournalEntry => ({
  kind: 'did',
  climb,
  n,
  ms: 12.5,
  outcome,
})

export const reason = {
  code: 'BANYAN_SERVICE_CRASHED',
  message: 'web-2 exits at once (code 1), tried 5 times.',
  hint: null,
  details: {},
}

export const turn = (climb: string): JournalEntry => ({
  kind: 'turn',
  climb,
  to: ['single'],
  reason,
})

export const end = (climb: string): JournalEntry => ({
  kind: 'end',
  climb,
  outcome: 'undone',
  requests: { sent: 1_260, failed: 0 },
  longestWritePauseMs: 31,
  totalMs: 4_200,
  reason,
})

export const lineOf = (entry: JournalEntry): string => {
  const line: JournalLine = { format: 1, at: '2026-11-21T11:00:00.000Z', ...entry }
  return `${JSON.stringify(line)}\n`
}
