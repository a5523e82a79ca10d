import { BanyanError } from '@banyan/model'
import type { Migration, Phase } from './migration.ts'

/**
 * Which of the pending migrations run in a phase.
 *
 * Contract migrations run last, so that one with a smaller number than an expanding one would run
 * before it in a new database and after it here: that is refused.
 *
 * @throws BANYAN_MIGRATIONS_INVALID
 */
export function choosePending(pending: readonly Migration[], phase: Phase): readonly Migration[] {
  if (phase === 'whole') return pending
  refuseEarlyContracts(pending)
  return pending.filter(({ contract }) => contract === (phase === 'contract'))
}

function refuseEarlyContracts(pending: readonly Migration[]): void {
  const last = pending.findLast(({ contract }) => !contract)
  const early = pending.filter(({ contract, number }) => contract && number < (last?.number ?? 0))
  if (last === undefined || early.length === 0) return
  const names = early.map(({ name }) => name).join(', ')
  throw new BanyanError(
    'BANYAN_MIGRATIONS_INVALID',
    `${names} ${early.length === 1 ? 'is' : 'are'} marked \`-- banyan: contract\` and would run after ${last.name}, which has a larger number; nothing was run.`,
    {
      hint: `Give ${names} a number above ${last.number}, or release without: contract migrations run once no node of the release before is left.`,
      details: { early: early.map(({ name }) => name), last: last.name },
    },
  )
}
