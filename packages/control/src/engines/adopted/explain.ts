import { BanyanError, type ErrorCode } from '@banyan/model'
import type { Target } from './target.ts'

type Cause = { readonly code?: string; readonly message?: string; readonly path?: string }

type Reading = { readonly code: ErrorCode; readonly says: string; readonly hint: string }

const reachHint =
  'Start it, or correct host and port in the URL. A firewall in between must let this machine in.'

/** Why connecting failed, in the words of whoever can mend it. The password is in none of them. */
export function explain(error: unknown, target: Target): BanyanError {
  const { code, says, hint } = read(error as Cause, target)
  const { host, port, database, user } = target
  return new BanyanError(code, `The adopted database ${target.name} ${says}.`, {
    hint,
    details: { host, port, database, user, reason: reasonOf(error as Cause) },
    cause: error,
  })
}

/** Several addresses that fail alike give an error without words of its own. */
function reasonOf({ message, code }: Cause): string {
  return message || code || 'no reason is known'
}

function read(error: Cause, target: Target): Reading {
  return (
    readState(error, target) ??
    readTls(error) ??
    readErrno(error, target) ??
    readRest(error, target)
  )
}

/** What the server itself answered, by its SQLSTATE. */
function readState(error: Cause, { user, database }: Target): Reading | null {
  const says = `answers: ${reasonOf(error)}`
  switch (error.code) {
    case '28P01':
      return {
        code: 'BANYAN_ADOPTED_REFUSED',
        says: `refuses the password of "${user}"`,
        hint: 'Correct user and password in the URL; special letters in them are written as percent codes.',
      }
    case '28000':
      return { code: 'BANYAN_ADOPTED_REFUSED', says, hint: hintForHba(reasonOf(error)) }
    case '42501':
      return {
        code: 'BANYAN_ADOPTED_REFUSED',
        says,
        hint: `Let the user in: grant connect on database "${database}" to "${user}"`,
      }
    case '3D000':
      return {
        code: 'BANYAN_ADOPTED_MISSING',
        says: `does not exist on that server`,
        hint: `Correct the name in the URL, or create it: createdb ${database}`,
      }
    case '53300':
      return {
        code: 'BANYAN_ADOPTED_REFUSED',
        says: `has no connection left: ${reasonOf(error)}`,
        hint: 'End sessions that nobody needs, raise max_connections (or the limit of the user), or put a pooler in front.',
      }
    case '57P03':
      return {
        code: 'BANYAN_ADOPTED_UNREACHABLE',
        says: `is not ready: ${reasonOf(error)}`,
        hint: 'It starts, stops or recovers. Wait a moment and try again.',
      }
    default:
      return null
  }
}

function hintForHba(message: string): string {
  if (/no encryption|SSL off/i.test(message)) {
    return 'It wants an encrypted connection: add ?sslmode=require to the URL, or sslmode=verify-full, which also proves whom one talks to.'
  }
  return 'Correct the user in the URL, or let it in: a line in pg_hba.conf of the server, the list of allowed addresses at a provider.'
}

const certificateCodes =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_|ERR_SSL_|EPROTO$|ERR_OSSL_)/

function readTls({ code, message }: Cause): Reading | null {
  if (/does not support SSL/i.test(message ?? '')) {
    return {
      code: 'BANYAN_ADOPTED_TLS',
      says: 'offers no encrypted connections, which sslmode of the URL asks for',
      hint: 'Switch `ssl` on in the server; or, inside a private network only, write sslmode=disable.',
    }
  }
  if (code === undefined || !certificateCodes.test(code)) return null
  return {
    code: 'BANYAN_ADOPTED_TLS',
    says: `cannot be trusted: ${message}`,
    hint: "Name its authority's certificate in the URL, &sslrootcert=FILE, and the host by a name that is in its certificate. sslmode=require encrypts without asking who it is.",
  }
}

function readErrno({ code, message, path }: Cause, { host, port }: Target): Reading | null {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      code: 'BANYAN_ADOPTED_UNREACHABLE',
      says: `cannot be found: no name server knows the host "${host}"`,
      hint: 'Correct the host in the URL, or look whether this machine has a network.',
    }
  }
  if (code === 'ENOENT' && path !== undefined && !path.includes('.s.PGSQL.')) {
    return {
      code: 'BANYAN_ADOPTED_TLS',
      says: `needs the file ${path}, which does not exist`,
      hint: 'Correct its path in the URL; a relative one begins at the folder of the config.',
    }
  }
  if (code === 'ENOENT') {
    return {
      code: 'BANYAN_ADOPTED_UNREACHABLE',
      says: `has no socket there`,
      hint: `Start it, or correct the folder of the socket in the URL (${host}).`,
    }
  }
  if (code === 'ECONNREFUSED') {
    return {
      code: 'BANYAN_ADOPTED_UNREACHABLE',
      says: `cannot be reached: nobody listens on port ${port}`,
      hint: reachHint,
    }
  }
  if (code === undefined && /timeout/i.test(message ?? '')) {
    return {
      code: 'BANYAN_ADOPTED_UNREACHABLE',
      says: 'cannot be reached: no answer within 5 s',
      hint: reachHint,
    }
  }
  return null
}

function readRest(error: Cause, { user }: Target): Reading {
  const reason = reasonOf(error)
  if (/password must be a/i.test(reason)) {
    return {
      code: 'BANYAN_ADOPTED_REFUSED',
      says: `asks "${user}" for a password, and the URL has none`,
      hint: 'Write it in the URL: postgres://user:password@host/name',
    }
  }
  if (/terminated unexpectedly|unrecognised|Unexpected/i.test(reason)) {
    return {
      code: 'BANYAN_ADOPTED_UNREACHABLE',
      says: `cannot be reached: who listens there does not speak as PostgreSQL does (${reason})`,
      hint: 'Correct host and port in the URL.',
    }
  }
  return {
    code: 'BANYAN_ADOPTED_UNREACHABLE',
    says: `cannot be reached: ${reason}`,
    hint: reachHint,
  }
}
