import type { Statement } from './migration.ts'

/** What a file may not do, and the mend. */
export type SqlFault = {
  readonly statement: Statement
  readonly message: string
  readonly hint: string
}

const contractHint =
  'While a release comes live the one before still runs and may need it. Release the code that does without first; then mark this migration `-- banyan: contract`.'

/** Alterations that take away something which the release before may use. */
const contracting: Record<string, string> = {
  AT_DropColumn: 'drops a column',
  AT_DropConstraint: 'drops a constraint, which ON CONFLICT may name',
  AT_DropIdentity: 'drops an identity',
  AT_DropExpression: 'drops the expression of a generated column',
  AT_DetachPartition: 'detaches a partition',
  AT_DropOf: 'drops the type of a table',
  AT_DropInherit: 'drops an inheritance',
}

const dropKinds = new Set([
  'DropStmt',
  'DropOwnedStmt',
  'DropRoleStmt',
  'DropTableSpaceStmt',
  'DropUserMappingStmt',
  'DropSubscriptionStmt',
  'DropdbStmt',
])

/** Kinds of transaction statements that leave the runner's own transaction as it is. */
const savepointKinds = ['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO']

/** Judges a file's statements; what stands in a DO block or a function cannot be seen. */
export function judgeSql(
  statements: readonly Statement[],
  marks: { contract: boolean; transaction: boolean; repeat: boolean },
): SqlFault[] {
  const made = new Set<string>()
  return statements.flatMap((statement) => {
    const faults = [...judgeControl(statement, marks.transaction), ...judgeCopy(statement)]
    if (marks.repeat && !repeatedKinds.has(statement.kind ?? '')) faults.push(endless(statement))
    const taken = marks.contract ? null : takesAway(statement, made)
    if (taken !== null) faults.push({ statement, message: taken, hint: contractHint })
    const name = createdTable(statement)
    if (name !== null) made.add(name)
    return faults
  })
}

/** What says how many rows it changed, and so when it has come to its end. */
const repeatedKinds = new Set(['UpdateStmt', 'DeleteStmt', 'InsertStmt', 'MergeStmt'])

const endless = (statement: Statement): SqlFault => ({
  statement,
  message: 'is repeated, and does not say how many rows it changed',
  hint: 'A file marked `-- banyan: repeat` has INSERT, UPDATE, DELETE and MERGE only; put the rest into a file of its own.',
})

function judgeControl(statement: Statement, transaction: boolean): SqlFault[] {
  if (statement.kind !== 'TransactionStmt') return []
  if (transaction && savepointKinds.includes(String(statement.node.kind))) return []
  const hint = transaction
    ? 'Remove it: each migration is a transaction. For statements that refuse one, mark the file `-- banyan: no-transaction`.'
    : 'Remove it: in a file marked `-- banyan: no-transaction` each statement commits by itself.'
  return [{ statement, message: 'controls the transaction', hint }]
}

function judgeCopy(statement: Statement): SqlFault[] {
  const { filename, is_program, query, is_from } = statement.node
  if (statement.kind !== 'CopyStmt' || filename || is_program || query || !is_from) return []
  return [
    { statement, message: 'copies from the client', hint: 'Write the rows as INSERT … VALUES.' },
  ]
}

/** What a statement takes away, or null. Tables that the file itself made are its own to drop. */
function takesAway({ kind, node }: Statement, made: ReadonlySet<string>): string | null {
  if (kind === 'RenameStmt') return `renames ${nounOf(node.renameType)}`
  if (kind === 'AlterObjectSchemaStmt') return `moves ${nounOf(node.objectType)} to another schema`
  if (kind === 'AlterEnumStmt' && node.oldVal !== undefined) return 'renames a value of an enum'
  if (kind === 'AlterDomainStmt' && node.subtype === 'X') return 'drops a constraint of a domain'
  if (kind === 'AlterTableStmt') return alterationOf(node)
  if (kind === null || !dropKinds.has(kind)) return null
  const names = droppedTables(node)
  if (names.length > 0 && names.every((name) => made.has(name))) return null
  return `drops ${nounOf(node.removeType)}`
}

function alterationOf(node: Statement['node']): string | null {
  const commands = (node.cmds ?? []) as { AlterTableCmd?: { subtype?: string } }[]
  for (const { AlterTableCmd: command } of commands) {
    const taken = contracting[command?.subtype ?? '']
    if (taken !== undefined) return taken
  }
  return null
}

/** OBJECT_MATVIEW → "a matview"; what has no noun is "something". */
function nounOf(type: unknown): string {
  if (typeof type !== 'string') return 'something'
  const noun = type
    .replace(/^OBJECT_/, '')
    .toLowerCase()
    .replaceAll('_', ' ')
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}

type NameList = { List?: { items?: { String?: { sval?: string } }[] } }

function droppedTables(node: Statement['node']): string[] {
  if (node.removeType !== 'OBJECT_TABLE') return []
  return ((node.objects ?? []) as NameList[]).map(({ List }) =>
    (List?.items ?? []).map(({ String: name }) => name?.sval).join('.'),
  )
}

function createdTable({ kind, node }: Statement): string | null {
  const into = node.into as { rel?: unknown } | undefined
  const relation = kind === 'CreateStmt' ? node.relation : into?.rel
  // IF NOT EXISTS may have made nothing: then the table is not the file's own.
  if (kind === null || !['CreateStmt', 'CreateTableAsStmt'].includes(kind) || node.if_not_exists)
    return null
  const { schemaname, relname } = (relation ?? {}) as { schemaname?: string; relname?: string }
  return schemaname === undefined ? (relname ?? null) : `${schemaname}.${relname}`
}
