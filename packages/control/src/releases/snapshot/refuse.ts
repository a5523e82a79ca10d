import { BanyanError } from '@banyan/model'

/** An app that no snapshot can be taken of: what is wrong, and the edit or command that mends it. */
export function refused(
  message: string,
  hint: string,
  details: Readonly<Record<string, unknown>> = {},
): BanyanError {
  return new BanyanError('BANYAN_RELEASE_REFUSED', message, {
    hint: `${hint} Nothing was changed.`,
    details,
  })
}

/** A file of the app that cannot be read. One that has just gone is told apart by `isGone`. */
export function unreadable(path: string, cause: unknown): BanyanError {
  if (BanyanError.is(cause)) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const denied = code === 'EACCES' || code === 'EPERM'
  return new BanyanError(
    'BANYAN_RELEASE_REFUSED',
    `${path} cannot be read: ${denied ? 'permission denied' : message}.`,
    {
      hint: denied
        ? `Let this user read it (chmod -R u+rX ${path}), or name it in .gitignore when the app does not need it. Nothing was changed.`
        : 'Mend the file or its disk, or name it in .gitignore when the app does not need it. Nothing was changed.',
      details: { path },
      cause,
    },
  )
}

/** A file of the snapshot that cannot be written: mostly a full disk. */
export function unwritable(path: string, cause: unknown): BanyanError {
  if (BanyanError.is(cause)) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new BanyanError(
    'BANYAN_STATE_UNWRITABLE',
    `${path} cannot be written: ${full ? 'the disk is full' : message}.`,
    {
      hint: full
        ? 'Free space on that disk (df -h, df -i), and ask again. Nothing was changed; what runs goes on.'
        : 'Mend the permissions of the state directory, and ask again. Nothing was changed.',
      details: { path, cause: code ?? null },
      cause,
    },
  )
}

/** Whether a file went away between being seen and being read. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}
