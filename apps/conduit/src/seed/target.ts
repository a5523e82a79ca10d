import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** How to reach the database of the running system. */
export type Target = {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
}

/** Why the running system cannot be filled, said so that it can be mended. */
export class NoTarget extends Error {
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

type Shard = Omit<Target, 'host' | 'port'> & {
  readonly members: readonly { readonly host: string; readonly port: number }[]
}

/**
 * Finds the database in a state directory: each node of a service has a file there that says how its
 * process reaches the data. COPY goes to one database, so that a system of several shards is refused.
 */
export async function findTarget(dir: string): Promise<Target> {
  const hint = 'Start it with npm start, or name its state directory with --dir.'
  const shards = await findShards(dir)
  if (shards === null) throw new NoTarget(`No system has run from ${resolve(dir)}`, hint)
  const [shard] = shards
  const member = shard?.members[0]
  if (shard === undefined || member === undefined)
    throw new NoTarget(`The system in ${resolve(dir)} has no database`, hint)
  if (shards.length > 1) {
    throw new NoTarget(
      `The system in ${resolve(dir)} has ${shards.length} shards, and this loads into one`,
      'Seed it before it grows.',
    )
  }
  const { database, user, password } = shard
  return { ...member, database, user, password }
}

/** A balancer has a file there too, which says nothing of the data. */
async function findShards(dir: string): Promise<readonly Shard[] | null> {
  const nodes = await readdir(join(dir, 'nodes')).catch(() => [])
  for (const node of nodes.sort()) {
    const text = await readFile(join(dir, 'nodes', node, 'system.json'), 'utf8').catch(() => null)
    const { shards } = JSON.parse(text ?? '{}') as { readonly shards?: readonly Shard[] }
    if (shards !== undefined) return shards
  }
  return null
}
