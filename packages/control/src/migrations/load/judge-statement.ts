import type { Statement } from '../migration.ts'
import { isConcurrent } from '../statement-kinds.ts'
import { type Danger, sizeOf } from './alter-column.ts'
import { judgeAlterTable } from './alter-table.ts'
import { bigRows } from './facts.ts'
import { hints } from './hints.ts'
import type { Known } from './known.ts'
import { lastName, limitIn, listOf, type Tree, unwrap } from './tree.ts'

/** How many rows a statement would change, as the planner estimates; null when it cannot say. */
export type Estimate = (statement: Statement) => Promise<number | null>

type Judge = (
  statement: Statement,
  known: Known,
  estimate: Estimate,
) => Promise<Danger[]> | Danger[]

const judges: Readonly<Record<string, Judge>> = {
  AlterTableStmt: ({ node }, known) => judgeAlterTable(node, known),
  IndexStmt: judgeIndex,
  ReindexStmt: judgeReindex,
  VacuumStmt: judgeVacuum,
  ClusterStmt: ({ node }, known) => {
    const tables = node.relation === undefined ? known.facts.big : [known.big(node.relation)]
    return rewrites(tables, 'rewrites', hints.rebuild)
  },
  RefreshMatViewStmt: ({ node }, known) => {
    const view =
      node.concurrent === true || node.skipData === true ? null : known.big(node.relation)
    const hint =
      'Write REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index on the view.'
    return rewrites([view], 'refreshes', hint)
  },
  LockStmt: judgeLock,
  AlterDomainStmt: judgeDomain,
  UpdateStmt: judgeRows,
  DeleteStmt: judgeRows,
  MergeStmt: judgeRows,
}

/** What a statement would do to a big table that the app feels. */
export async function judgeStatement(
  statement: Statement,
  known: Known,
  estimate: Estimate,
): Promise<Danger[]> {
  return (await judges[statement.kind ?? '']?.(statement, known, estimate)) ?? []
}

function rewrites(
  tables: readonly ReturnType<Known['big']>[],
  verb: string,
  hint: string,
): Danger[] {
  return tables.flatMap((table) =>
    table === null ? [] : [{ message: `${verb} ${sizeOf(table)} while nobody can use it`, hint }],
  )
}

/** On a partitioned table alone (ONLY) it is made in the catalog, and built nowhere. */
function judgeIndex(statement: Statement, known: Known): Danger[] {
  const relation = statement.node.relation as Tree
  const table = isConcurrent(statement) ? null : known.big(relation)
  if (table === null || (table.kind === 'p' && relation.inh !== true)) return []
  const message = `builds an index on ${sizeOf(table)} while nobody can write to it`
  return [{ message, hint: hints.concurrently(table) }]
}

function judgeReindex(statement: Statement, known: Known): Danger[] {
  if (isConcurrent(statement)) return []
  const { kind, relation } = statement.node
  const tables =
    kind === 'REINDEX_OBJECT_INDEX'
      ? [known.bigByIndex(relation)]
      : kind === 'REINDEX_OBJECT_TABLE'
        ? [known.big(relation)]
        : known.facts.big
  return rewrites(
    tables,
    'rebuilds the indexes of',
    'Write REINDEX … CONCURRENTLY, in a file of its own marked `-- banyan: no-transaction`.',
  )
}

function judgeVacuum({ node }: Statement, known: Known): Danger[] {
  const isFull = listOf(node.options).some((option) => {
    const [, { defname, arg }] = unwrap(option)
    return defname === 'full' && !/^(false|off|0)$/i.test(String(unwrap(arg)[1].sval ?? ''))
  })
  if (!isFull) return []
  const named = listOf(node.rels).map((relation) => known.big(unwrap(relation)[1].relation))
  return rewrites(named.length === 0 ? known.facts.big : named, 'rewrites', hints.rebuild)
}

/** As the parser numbers them; those below let everybody write. */
const shareLock = 5

function judgeLock({ node }: Statement, known: Known): Danger[] {
  if (Number(node.mode) < shareLock) return []
  return listOf(node.relations).flatMap((relation) => {
    const table = known.big(unwrap(relation)[1])
    if (table === null) return []
    return [
      { message: `locks ${sizeOf(table)} until the end of the transaction`, hint: hints.lock },
    ]
  })
}

function judgeDomain({ node }: Statement, known: Known): Danger[] {
  const domain = lastName(node.typeName)
  const checks = node.subtype === 'O' || node.subtype === 'C' || node.subtype === 'V'
  const [, constraint] = unwrap(node.def)
  if (!checks || constraint.skip_validation === true) return []
  if (node.subtype === 'V') return []
  const tables = known.facts.big.filter(({ columns }) =>
    columns.some((one) => one.domain === domain),
  )
  const hint = `Add the constraint NOT VALID, and in the next file \`alter domain ${domain} validate constraint …\`.`
  return rewrites(tables, `checks every value of the domain ${domain} in`, hint)
}

/** A statement keeps every row that it changed locked until its end. */
async function judgeRows(
  statement: Statement,
  known: Known,
  estimate: Estimate,
): Promise<Danger[]> {
  const table = known.big(statement.node.relation)
  if (table === null) return []
  const limit = limitIn(statement.node)
  if (limit !== null && limit <= bigRows) return []
  const rows = limit ?? (await estimate(statement))
  if (rows !== null && rows <= bigRows) return []
  const count = rows === null ? 'nobody knows how many' : `about ${rows.toLocaleString('en-US')}`
  const message = `changes ${count} rows of ${sizeOf(table)} in one transaction, and whoever needs one of them waits`
  return [{ message, hint: hints.batches(table.name) }]
}
