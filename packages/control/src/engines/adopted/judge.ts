import { BanyanError, type ErrorCode } from '@banyan/model'
import { connectionsAllowed, type Facts } from './facts.ts'

export const oldestMajor = 14
const newestMajor = 18

/** What is known besides: how the server is called, and how many connections services need at least. */
export type Need = { readonly name: string; readonly connections: number }

/** Whether a server can be adopted. Pure: gives the reason why not, with the mend, or null. */
export function judge(facts: Facts, need: Need): BanyanError | null {
  return (
    judgeVersion(facts, need) ??
    judgeEncoding(facts, need) ??
    judgeWrites(facts, need) ??
    judgeConnections(facts, need)
  )
}

function judgeVersion({ versionNumber, version }: Facts, { name }: Need): BanyanError | null {
  const major = Math.floor(versionNumber / 10_000)
  const range = `PostgreSQL ${oldestMajor} to ${newestMajor}`
  if (major < oldestMajor) {
    return refuse(
      'BANYAN_ADOPTED_UNSUPPORTED',
      name,
      `is PostgreSQL ${version}; ${range} can be adopted`,
      {
        hint: `Upgrade the server first (pg_upgrade, or the provider's own way), at least to ${oldestMajor}.`,
        details: { version, oldestMajor, newestMajor },
      },
    )
  }
  if (major <= newestMajor) return null
  return refuse(
    'BANYAN_ADOPTED_UNSUPPORTED',
    name,
    `is PostgreSQL ${version}; this Banyan knows ${range}`,
    {
      hint: 'Update Banyan: npm install --save-dev @banyan/cli@latest',
      details: { version, oldestMajor, newestMajor },
    },
  )
}

function judgeEncoding({ encoding }: Facts, { name }: Need): BanyanError | null {
  if (encoding === 'UTF8') return null
  return refuse('BANYAN_ADOPTED_UNSUPPORTED', name, `has the encoding ${encoding}, not UTF8`, {
    hint: "Make a database with the encoding UTF8 (create database … encoding 'UTF8' template template0), and bring the data over with pg_dump.",
    details: { encoding },
  })
}

function judgeWrites(facts: Facts, { name }: Need): BanyanError | null {
  const { isStandby, isReadOnly, primary, user } = facts
  if (isStandby) {
    const of = primary === null ? '' : ` of ${primary}`
    return refuse('BANYAN_ADOPTED_READ_ONLY', name, `is a standby${of}, which takes no writes`, {
      hint: `Name the primary in the URL${primary === null ? '' : `: ${primary}`}. Replicas are added by the rung "replicated".`,
      details: { primary },
    })
  }
  if (!isReadOnly) return null
  return refuse('BANYAN_ADOPTED_READ_ONLY', name, `is set to read only for "${user}"`, {
    hint: 'See who sets default_transaction_read_only: the user (alter role … reset), the database (alter database … reset), the server, or `options` in the URL.',
    details: { user },
  })
}

function judgeConnections(facts: Facts, { name, connections: needed }: Need): BanyanError | null {
  const { used, max } = facts.connections
  const allowed = connectionsAllowed(facts)
  // A pooler makes room; what its server counts says nothing about us.
  if (facts.pooled || allowed - used >= needed) return null
  const free = Math.max(0, allowed - used)
  return refuse(
    'BANYAN_ADOPTED_REFUSED',
    name,
    `has ${free} of ${allowed} connections left, and the services need at least ${needed}`,
    {
      hint: 'End sessions that nobody needs, raise max_connections (or the limit of the user), or put a pooler in front.',
      details: { max, allowed, used, needed },
    },
  )
}

function refuse(
  code: ErrorCode,
  name: string,
  what: string,
  options: { readonly hint: string; readonly details: Record<string, unknown> },
): BanyanError {
  return new BanyanError(code, `The adopted database ${name} ${what}.`, options)
}
