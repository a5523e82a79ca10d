import { BanyanError } from '@banyan/model'
import { journalFormat } from './entry.ts'

export type BrokenLine = { readonly number: number; readonly what: string }

/** What is not ours is never guessed at: a climb would be finished that nobody began. */
export function brokenJournal(path: string, lines: readonly BrokenLine[]): BanyanError {
  const [first] = lines
  const others = lines.length - 1
  const more = others > 0 ? ` So ${others === 1 ? 'is one other' : `are ${others} others`}.` : ''
  return new BanyanError(
    'BANYAN_STATE_BROKEN',
    `Line ${first?.number} of ${path} cannot be used: ${first?.what}.${more}`,
    {
      hint: `Restore ${path} from a backup. Without one: mv ${path} ${path}.broken (only the memory of climbs is lost), then "banyan up". Nothing was changed.`,
      details: { path, lines: lines.map(({ number, what }) => ({ line: number, what })) },
    },
  )
}

export function newerJournal(path: string, line: number, format: number): BanyanError {
  return new BanyanError(
    'BANYAN_STATE_NEWER',
    `Line ${line} of ${path} has format ${format}; this version of Banyan knows formats up to ${journalFormat}.`,
    {
      hint: 'Use the version of Banyan that made it, or a newer one. Nothing was changed.',
      details: { path, line, format },
    },
  )
}

export function unwritableJournal(path: string, cause: unknown): BanyanError {
  const { code, message } = cause as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new BanyanError(
    'BANYAN_STATE_UNWRITABLE',
    `The journal ${path} cannot be written: ${full ? 'the disk is full' : message}.`,
    {
      hint: full
        ? 'Free space on that disk. What runs goes on; no step is done that is not in the journal.'
        : 'Mend the disk or the permissions. What runs goes on; no step is done that is not in the journal.',
      details: { path, cause: code ?? null },
      cause,
    },
  )
}
