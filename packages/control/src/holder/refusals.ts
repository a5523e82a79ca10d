import type { ErrorReport } from '../api/types.ts'
import type { BindFailure } from './bind.ts'
import type { FirstWord } from './words.ts'

/*
 * Why a holder does not begin, as reports: `up` makes errors of them, as it does of control's.
 */

export function alreadyHeld(directory: string): FirstWord {
  return refused({
    code: 'BANYAN_ALREADY_RUNNING',
    message: `The system in ${directory} runs already.`,
    hint: 'Look at it with "banyan status", or stop it with "banyan down".',
    details: {},
  })
}

export function unusable(directory: string, reason = 'its files cannot be written'): FirstWord {
  return refused({
    code: 'BANYAN_STATE_UNWRITABLE',
    message: `The state directory ${directory} cannot be written: ${reason}.`,
    hint: 'Free space on that disk, mend its permissions, or name another folder with --dir.',
    details: { directory },
  })
}

/** Where a system is public: its own port, that of HTTP, or one that a service has (`tcp`). */
export type PublicAddress = {
  readonly host: string
  readonly port: number
  readonly isOwn: boolean
}

/** `up` looks before it starts anything; this is for what has changed since that moment. */
export function unbindable(
  { host, port, isOwn }: PublicAddress,
  { code, message }: BindFailure,
): FirstWord {
  const details = { host, port }
  if (code === 'EADDRINUSE') {
    return refused({
      code: 'BANYAN_PORT_TAKEN',
      message: `${host}:${port} is taken: another process listens there.`,
      hint: isOwn
        ? 'Name another port with --port, or end it.'
        : 'Write another port under `tcp:` in the config, or end it.',
      details,
    })
  }
  return refused({
    code: 'BANYAN_LISTEN_FAILED',
    message: `Nothing can listen on ${host}:${port}: ${message}.`,
    hint: isOwn
      ? 'Name an address of this machine with --host, and a port that you may use with --port.'
      : 'Name an address of this machine with --host, and a port that you may use under `tcp:` in the config.',
    details,
  })
}

function refused(error: ErrorReport): FirstWord {
  return { kind: 'refused', error }
}
