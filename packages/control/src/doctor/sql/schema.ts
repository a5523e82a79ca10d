import type { Statement } from '../../migrations/migration.ts'
import { parseStatements } from '../../migrations/sql.ts'
import { constraintOf, type Draft, inlineConstraints } from './constraints.ts'
import { as, isTree, list, namesOf, type Tree, tableOf, text } from './tree.ts'

export type Place = { readonly file: string; readonly line: number }

export type SchemaColumn = {
  readonly name: string
  /** Numbered by a sequence: serial, identity, `default nextval(…)`. */
  readonly numbered: boolean
  readonly place: Place
}

export type SchemaUnique = {
  readonly name: string | null
  /** Empty for an expression: it holds no column as it is. */
  readonly columns: readonly string[]
  readonly place: Place
}

export type SchemaForeignKey = {
  readonly columns: readonly string[]
  readonly table: string
  /** Empty: the primary key of the other table. */
  readonly targets: readonly string[]
  readonly place: Place
}

/** A table as the migrations leave it. */
export type SchemaTable = {
  readonly name: string
  readonly place: Place
  readonly columns: readonly SchemaColumn[]
  /** `unknown`: made in a way (LIKE, PARTITION OF, AS) that does not say. */
  readonly primaryKey: readonly string[] | null | 'unknown'
  readonly uniques: readonly SchemaUnique[]
  readonly foreignKeys: readonly SchemaForeignKey[]
  readonly unlogged: boolean
}

export type Schema = {
  readonly tables: ReadonlyMap<string, SchemaTable>
  /** False when some statement may change the schema in a way that was not seen: DO, an unknown syntax. */
  readonly whole: boolean
}

/** Reads what SQL files make when they run in this order. */
export async function readSchema(
  files: readonly { readonly file: string; readonly sql: string }[],
): Promise<Schema> {
  const tables = new Map<string, Draft>()
  let whole = true
  for (const { file, sql } of files) {
    for (const statement of await parseStatements(sql)) {
      if (!apply(tables, statement, placeIn(file, sql, statement))) whole = false
    }
  }
  return { tables, whole }
}

/** The parser counts in bytes from the start of the whole text. */
function placeIn(file: string, sql: string, { line }: Statement) {
  const bytes = Buffer.from(sql)
  return (location: unknown): Place => {
    if (typeof location !== 'number' || location <= 0) return { file, line }
    return { file, line: bytes.toString('utf8', 0, location).split('\n').length }
  }
}

type Locate = (location: unknown) => Place

/** False when it is not known what the statement does to tables. */
function apply(tables: Map<string, Draft>, { kind, node }: Statement, at: Locate): boolean {
  if (kind === 'CreateStmt') create(tables, node, at)
  else if (kind === 'CreateTableAsStmt') createAs(tables, node, at)
  else if (kind === 'AlterTableStmt') return alter(tables, node, at)
  else if (kind === 'IndexStmt') index(tables, node, at)
  else if (kind === 'DropStmt') drop(tables, node)
  else if (kind === 'RenameStmt') rename(tables, node)
  return !['DoStmt', 'AlterObjectSchemaStmt', 'CallStmt', null].includes(kind)
}

function create(tables: Map<string, Draft>, node: Tree, at: Locate): void {
  const range = node.relation
  const name = tableOf(range)
  if (name === null || !isTree(range) || (tables.has(name) && node.if_not_exists)) return
  // A partition is a part of its table, and nothing of its own to declare.
  if (range.relpersistence === 't' || node.partbound !== undefined) return
  const derived = list(node.inhRelations).length > 0 || node.ofTypename !== undefined
  const elements = list(node.tableElts)
  const like = elements.some((element) => as(element, 'TableLikeClause') !== null)
  const draft = newDraft(name, at(range.location), range.relpersistence === 'u')
  if (derived || like) draft.primaryKey = 'unknown'
  tables.set(name, draft)
  for (const element of elements) {
    const column = as(element, 'ColumnDef')
    if (column !== null) addColumn(draft, column, at)
    const constraint = as(element, 'Constraint')
    if (constraint !== null) constraintOf(draft, constraint, at(constraint.location))
  }
}

function createAs(tables: Map<string, Draft>, node: Tree, at: Locate): void {
  const range = isTree(node.into) ? node.into.rel : undefined
  const name = tableOf(range)
  if (name === null || !isTree(range) || node.objtype !== 'OBJECT_TABLE') return
  tables.set(name, newDraft(name, at(range.location), range.relpersistence === 'u'))
}

const newDraft = (name: string, place: Place, unlogged: boolean): Draft => ({
  name,
  place,
  columns: [],
  primaryKey: null,
  primaryKeyName: null,
  uniques: [],
  foreignKeys: [],
  unlogged,
})

function addColumn(draft: Draft, column: Tree, at: Locate): void {
  const name = text(column.colname) ?? ''
  const type = namesOf(isTree(column.typeName) ? column.typeName.names : null).at(-1) ?? ''
  const constraints = list(column.constraints).flatMap((one): Tree[] => {
    const constraint = as(one, 'Constraint')
    return constraint === null ? [] : [constraint]
  })
  const place = at(column.location)
  const numbered =
    /^(big|small)?serial[248]?$/.test(type) ||
    constraints.some((one) => one.contype === 'CONSTR_IDENTITY' || isNextval(one))
  draft.columns.push({ name, numbered, place })
  inlineConstraints(draft, name, constraints, at)
}

function isNextval({ contype, raw_expr }: Tree): boolean {
  return (
    contype === 'CONSTR_DEFAULT' && namesOf(as(raw_expr, 'FuncCall')?.funcname).at(-1) === 'nextval'
  )
}

function alter(tables: Map<string, Draft>, node: Tree, at: Locate): boolean {
  const draft = tables.get(tableOf(node.relation) ?? '')
  if (draft === undefined) return true
  for (const item of list(node.cmds)) {
    const command = as(item, 'AlterTableCmd') ?? {}
    const column = as(command.def, 'ColumnDef')
    const constraint = as(command.def, 'Constraint')
    const name = text(command.name) ?? ''
    if (command.subtype === 'AT_AddColumn' && column !== null) addColumn(draft, column, at)
    else if (command.subtype === 'AT_AddConstraint' && constraint !== null) {
      constraintOf(draft, constraint, at(constraint.location))
    } else if (command.subtype === 'AT_DropConstraint') dropConstraint(draft, name)
    else if (command.subtype === 'AT_DropColumn') dropColumn(draft, name)
    else if (command.subtype === 'AT_SetLogged') draft.unlogged = false
    else if (command.subtype === 'AT_SetUnLogged') draft.unlogged = true
    else if (command.subtype === 'AT_AttachPartition') draft.primaryKey = 'unknown'
  }
  return true
}

function dropConstraint(draft: Draft, name: string): void {
  if (draft.primaryKeyName === name || name === `${draft.name}_pkey`) draft.primaryKey = null
  draft.uniques = draft.uniques.filter((one) => one.name !== name)
  // A foreign key's name is seldom written; one that goes unseen would be a false alarm.
  if (/_fkey\d*$|_fk$/.test(name)) {
    draft.foreignKeys = draft.foreignKeys.filter(
      ({ columns }) => name !== `${draft.name}_${columns.join('_')}_fkey`,
    )
  }
}

function dropColumn(draft: Draft, name: string): void {
  const without = (one: { readonly columns: readonly string[] }) => !one.columns.includes(name)
  draft.columns = draft.columns.filter((column) => column.name !== name)
  draft.uniques = draft.uniques.filter(without)
  draft.foreignKeys = draft.foreignKeys.filter(without)
  if (Array.isArray(draft.primaryKey) && draft.primaryKey.includes(name)) draft.primaryKey = null
}

function index(tables: Map<string, Draft>, node: Tree, at: Locate): void {
  const draft = tables.get(tableOf(node.relation) ?? '')
  if (draft === undefined || node.unique !== true) return
  const names = list(node.indexParams).map((one) => text(as(one, 'IndexElem')?.name))
  const place = at((node.relation as Tree).location)
  const columns = names.filter((name) => name !== null)
  draft.uniques.push({ name: text(node.idxname), columns, place })
}

function drop(tables: Map<string, Draft>, node: Tree): void {
  const names = list(node.objects).map((object) => namesOf(as(object, 'List')?.items).at(-1) ?? '')
  for (const name of names) {
    if (node.removeType === 'OBJECT_TABLE') tables.delete(name)
    if (node.removeType !== 'OBJECT_INDEX') continue
    for (const draft of tables.values()) {
      draft.uniques = draft.uniques.filter((one) => one.name !== name)
    }
  }
}

function rename(tables: Map<string, Draft>, node: Tree): void {
  const draft = tables.get(tableOf(node.relation) ?? '')
  const to = text(node.newname)
  if (draft === undefined || to === null) return
  if (node.renameType === 'OBJECT_TABLE') {
    tables.delete(draft.name)
    tables.set(to, { ...draft, name: to })
  } else if (node.renameType === 'OBJECT_COLUMN') {
    renameColumn(draft, text(node.subname) ?? '', to)
  } else if (node.renameType === 'OBJECT_TABCONSTRAINT') {
    const from = text(node.subname)
    draft.uniques = draft.uniques.map((one) => (one.name === from ? { ...one, name: to } : one))
    if (draft.primaryKeyName === from) draft.primaryKeyName = to
  }
}

function renameColumn(draft: Draft, from: string, to: string): void {
  const swap = (name: string) => (name === from ? to : name)
  draft.columns = draft.columns.map((one) => ({ ...one, name: swap(one.name) }))
  draft.uniques = draft.uniques.map((one) => ({ ...one, columns: one.columns.map(swap) }))
  draft.foreignKeys = draft.foreignKeys.map((one) => ({ ...one, columns: one.columns.map(swap) }))
  if (Array.isArray(draft.primaryKey)) draft.primaryKey = draft.primaryKey.map(swap)
}
