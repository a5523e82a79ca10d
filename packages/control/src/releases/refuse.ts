import { BanyanError } from '@banyan/model'

/** Refused whole, before anything is done, with every reason at once. */
export function releaseRefused(reasons: readonly string[]): BanyanError {
  const list =
    reasons.length === 1 ? ` ${reasons[0]}` : reasons.map((text) => `\n- ${text}`).join('')
  return new BanyanError('BANYAN_RELEASE_REFUSED', `This code cannot be released:${list}`, {
    hint: 'Nothing was changed. Mend what is listed, and release again.',
    details: { reasons },
  })
}

export function unchanged(live: string): BanyanError {
  return new BanyanError(
    'BANYAN_RELEASE_UNCHANGED',
    `There is nothing to release: the code here is what ${live} runs.`,
    {
      hint: 'Change something first. To start every process anew with the same code: "banyan release --again".',
      details: { live },
    },
  )
}

export function nothingBefore(live: string | null): BanyanError {
  return new BanyanError(
    'BANYAN_RELEASE_UNKNOWN',
    live === null
      ? 'No release is live yet.'
      : `There is no release before ${live} to go back to: none was live, or its snapshot was pruned.`,
    { hint: '"banyan release list" says which releases there were.', details: { live } },
  )
}

export function takenAway(before: string, names: readonly string[]): BanyanError {
  const reasons = [
    `${names.join(', ')} took away what ${before} may need; a migration of that kind does not come back.`,
  ]
  return new BanyanError(
    'BANYAN_RELEASE_REFUSED',
    `The system cannot go back to ${before}: ${reasons[0]}`,
    {
      hint: 'Mend the code and release it, with a migration that brings back what is missing.',
      details: { before, migrations: names, reasons },
    },
  )
}
