import { BanyanError, type Table } from '@banyan/model'
import type { Client } from 'pg'
import type { Migration, Statement } from '../migration.ts'
import { sizeOf } from './alter-column.ts'
import { readLoadFacts } from './facts.ts'
import { hints } from './hints.ts'
import { type Estimate, judgeStatement } from './judge-statement.ts'
import { judgeUnique } from './judge-unique.ts'
import { Known } from './known.ts'
import { listOf, relationsIn, unwrap } from './tree.ts'

/** A statement that the app would feel, and the safe way. */
export type LoadFault = { readonly file: string; readonly message: string; readonly hint: string }

/**
 * Judges pending migrations by the tables that are big now. What a DO block or a function does cannot
 * be seen; while it runs it is watched.
 */
export async function judgeLoad(
  owner: Client,
  pending: readonly Migration[],
): Promise<LoadFault[]> {
  if (pending.length === 0) return []
  const facts = await readLoadFacts(owner)
  if (facts.big.length === 0) return []
  const known = new Known(facts)
  const estimate = estimateWith(owner)
  const faults: LoadFault[] = []
  for (const migration of pending) {
    let locks = false
    for (const statement of migration.statements) {
      const dangers = await judgeStatement(statement, known, estimate)
      const long = locks && dangers.length === 0 ? longUnderLock(statement, known) : null
      if (long !== null) dangers.push({ message: long, hint: hints.ownFile })
      for (const { message, hint } of dangers) {
        const file = `${migration.name}:${statement.line}:${statement.column}`
        faults.push({ file, message: `it ${message}`, hint })
      }
      known.learn(statement.kind, statement.node)
      locks ||= migration.transaction && locksBig(statement, known)
    }
  }
  return faults
}

/** @throws BANYAN_MIGRATION_UNSAFE with everything that the app would feel */
export async function refuseLoad(
  owner: Client,
  pending: readonly Migration[],
  tables: readonly Table[],
): Promise<void> {
  const faults = [...(await judgeLoad(owner, pending)), ...(await judgeUnique(owner, tables))]
  if (faults.length === 0) return
  throw new BanyanError(
    'BANYAN_MIGRATION_UNSAFE',
    `${faults.length === 1 ? 'This' : `${faults.length} things`} would hold up the app while it serves:\n${faults.map((fault) => `- ${sentenceOf(fault)}`).join('\n')}`,
    {
      hint: 'Mend the files as each line says (docs/guide/migrations.md); nothing was run.',
      details: { faults },
    },
  )
}

export const sentenceOf = ({ file, message, hint }: LoadFault): string =>
  `${file}: ${message}. ${hint}`

const lockingKinds = new Set([
  'AlterTableStmt',
  'CreateTrigStmt',
  'DropStmt',
  'RenameStmt',
  'AlterObjectSchemaStmt',
  'CreateStmt',
  'CreatePolicyStmt',
  'TruncateStmt',
  'RuleStmt',
])

/** Whether others wait for this statement's transaction from now on. A VALIDATE alone is in nobody's way. */
function locksBig({ kind, node }: Statement, known: Known): boolean {
  if (kind === null || !lockingKinds.has(kind)) return false
  const commands = listOf(node.cmds).map((command) => unwrap(command)[1].subtype)
  if (commands.length > 0 && commands.every((command) => command === 'AT_ValidateConstraint'))
    return false
  return relationsIn(node).some((relation) => known.big(relation) !== null)
}

/** What goes through a big table while an earlier statement of its transaction keeps a lock. */
function longUnderLock({ kind, node }: Statement, known: Known): string | null {
  const validates = listOf(node.cmds).some(
    (command) => unwrap(command)[1].subtype === 'AT_ValidateConstraint',
  )
  const reads =
    kind !== null && /^(Insert|Update|Delete|Merge|Select|CreateTableAs)Stmt$/.test(kind)
  if (!validates && !reads) return null
  const [table] = relationsIn(node).flatMap((relation) => known.big(relation) ?? [])
  if (table === undefined) return null
  return `goes through ${sizeOf(table)} under the lock of a statement before it`
}

/** A column may not be there yet, and then nobody can say. Nothing is executed. */
const estimateWith =
  (owner: Client): Estimate =>
  async ({ sql }) => {
    await owner.query('begin read only')
    try {
      const { rows } = await owner.query(`explain (format json) ${sql}`)
      const [{ Plan: plan }] = rows[0]['QUERY PLAN']
      return Number(plan.Plans?.[0]?.['Plan Rows'] ?? plan['Plan Rows'])
    } catch {
      return null
    } finally {
      await owner.query('rollback')
    }
  }
