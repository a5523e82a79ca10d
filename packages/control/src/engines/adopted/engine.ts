/** The public face of the engine for servers that somebody else runs: it asks, and never writes. */
import { BanyanError, type System } from '@banyan/model'
import { type ClientBase, DatabaseError } from 'pg'
import { connect } from './connect.ts'
import { askFacts, type Facts } from './facts.ts'
import { judge } from './judge.ts'
import { askMembers, judgeMembers } from './members.ts'
import { readKeyType } from './tables.ts'
import { type Target, targetOf } from './target.ts'

/**
 * Gives a session whose one transaction only reads, with what the server says of itself. PostgreSQL
 * itself refuses a write in it, and takes no transaction number for it.
 */
export async function withAdopted<Result>(
  target: Target,
  use: (client: ClientBase, facts: Facts) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const { client, pooled } = await connect(target, signal)
  try {
    await client.query('begin transaction isolation level repeatable read, read only')
    const facts = await askFacts(client, pooled)
    const result = await use(client, facts)
    await client.query('commit')
    return result
  } catch (error) {
    throw error instanceof DatabaseError ? unaskable(error, target) : error
  } finally {
    await client.end()
  }
}

/**
 * Whether the system can adopt its database, found out before the first effect: reachable, of a
 * known version, writable, with connections to spare, and with tables as they are declared.
 */
export async function checkAdopted(
  system: System,
  connectionsNeeded: number,
  signal?: AbortSignal,
): Promise<Facts> {
  const target = targetOf(system)
  await checkMembers(target, signal)
  const check = async (client: ClientBase, facts: Facts): Promise<Facts> => {
    const reason = judge(facts, { name: target.name, connections: connectionsNeeded })
    if (reason !== null) throw reason
    await readKeyType(client, system.data?.tables ?? [])
    return facts
  }
  return await withAdopted(target, check, signal)
}

/** Each server of a list that answers has to be one that the app can go on with after a failover. */
async function checkMembers(target: Target, signal: AbortSignal | undefined): Promise<void> {
  if (target.members.length === 1) return
  const reason = judgeMembers(target, await askMembers(target, signal))
  if (reason !== null) throw reason
}

function unaskable(cause: DatabaseError, { name }: Target): BanyanError {
  return new BanyanError(
    'BANYAN_ADOPTED_UNSUPPORTED',
    `The adopted database ${name} answers, but cannot be asked what it is: ${cause.message}.`,
    {
      hint: 'Give the address of the server itself in the URL, or of a pooler that hands every query on.',
      details: { sqlstate: cause.code ?? null },
      cause,
    },
  )
}
