import type { ShardedTable, Table } from '@banyan/model'
import type { ClientBase } from 'pg'
import { type RowSecurity, readRowSecurity } from './facts.ts'
import { allPolicy, keyPolicy, markOf, narrowingSql } from './policies.ts'

/**
 * Puts the policies of narrow mode on the declared sharded tables, or takes them away, with the row
 * security that came with them. The app's own row security stays as it is. Runs in the caller's
 * transaction, as the owner; when all is as it should be it only reads.
 */
export async function syncNarrow(
  owner: ClientBase,
  tables: readonly Table[],
  narrow: boolean,
): Promise<string[]> {
  const sharded = tables.filter((table) => table.kind === 'sharded')
  const found = await readRowSecurity(
    owner,
    sharded.map(({ name }) => name),
  )
  const changes: string[] = []
  for (const relation of found) {
    const table = narrow ? sharded.find(({ name }) => name === relation.declared) : undefined
    const { statements, words } = table === undefined ? remove(relation) : put(relation, table)
    for (const statement of statements) await owner.query(statement)
    if (words !== null) changes.push(words)
  }
  return changes
}

/** Takes our policies away from all but some tables, before a migration's own statements, which see the app's. */
export async function removeNarrow(owner: ClientBase, kept: readonly Table[]): Promise<void> {
  const names = kept.filter(({ kind }) => kind === 'sharded').map(({ name }) => name)
  for (const relation of await readRowSecurity(owner, names)) {
    if (relation.declared !== null) continue
    for (const statement of remove(relation).statements) await owner.query(statement)
  }
}

/** The declared tables that cannot be narrow, a sentence each that says why. */
export async function findNotNarrow(
  client: ClientBase,
  tables: readonly Table[],
): Promise<string[]> {
  const names = tables.filter(({ kind }) => kind === 'sharded').map(({ name }) => name)
  return (await readRowSecurity(client, names)).flatMap((relation) => {
    const obstacle = findObstacle(relation)
    return obstacle === null ? [] : [`${relation.table} is not narrow: ${obstacle}`]
  })
}

type Change = { readonly statements: readonly string[]; readonly words: string | null }

const nothing: Change = { statements: [], words: null }

function remove(relation: RowSecurity): Change {
  if (relation.ours.length === 0) return nothing
  return { statements: removalSql(relation), words: `${relation.table}: no longer narrow` }
}

/** Policies that came after ours are the app's wish for row security: then it stays enabled. */
function removalSql({ table, ours, foreign }: RowSecurity): string[] {
  const drops = ours.map((name) => `drop policy ${name} on ${table}`)
  const disables = ours.includes(allPolicy) && foreign === 0
  return disables ? [...drops, `alter table ${table} disable row level security`] : drops
}

function put(relation: RowSecurity, { by }: ShardedTable): Change {
  if (findObstacle(relation) !== null) return remove(relation)
  const wanted = isOurs(relation) ? [allPolicy, keyPolicy] : [keyPolicy]
  const fits = relation.ours.join() === wanted.join() && relation.mark === markOf(by)
  if (fits && relation.enabled) return nothing
  const statements = [
    ...(relation.ours.length === 0 ? [] : removalSql(relation)),
    ...narrowingSql(relation.table, by, isOurs(relation)),
  ]
  return { statements, words: `${relation.table}: narrow, a scope sees its own key only` }
}

/** Whether row security is on, or would be, for our sake alone. */
const isOurs = ({ ours, enabled, foreign }: RowSecurity): boolean =>
  foreign === 0 && (!enabled || ours.includes(allPolicy))

/** What would come into force together with our policy, and is not wanted by the app. */
function findObstacle({ enabled, forced, foreign }: RowSecurity): string | null {
  if (!enabled && foreign > 0) return 'it has policies of its own that are not enabled'
  if (forced) return 'its row security would hold for its owner as well'
  return null
}
