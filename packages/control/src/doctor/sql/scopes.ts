import { as, isTree, list, locationOf, namesOf, type Tree, tableOf, text } from './tree.ts'

/** A table in one FROM, under its alias. */
export type ScopeTable = {
  readonly table: string
  readonly alias: string
  readonly location: number
}

/**
 * One level of a statement: the tables of a FROM, and which of their columns are held equal. `open`:
 * something in it may be a condition that cannot be seen, so that nothing is said about what is missing.
 */
export type Scope = {
  readonly kind: 'SelectStmt' | 'UpdateStmt' | 'DeleteStmt'
  readonly tables: readonly ScopeTable[]
  readonly open: boolean
  /** Whether a table's column is held equal to a value, or to something outside of this level. */
  readonly isPinned: (alias: string, column: string) => boolean
  /** Whether the columns of two tables are held equal to each other. */
  readonly areEqual: (a: ColumnOf, b: ColumnOf) => boolean
}

export type ColumnOf = { readonly alias: string; readonly column: string }

const levels = ['SelectStmt', 'UpdateStmt', 'DeleteStmt'] as const

/** All levels of a statement, with the names of its CTEs left out: these are no tables. */
export function scopesOf(kind: string, node: Tree): readonly Scope[] {
  const scopes: Scope[] = []
  const visit = (value: unknown, hidden: ReadonlySet<string>): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, hidden)
      return
    }
    if (!isTree(value)) return
    for (const [key, content] of Object.entries(value)) {
      if (!isTree(content)) {
        visit(content, hidden)
        continue
      }
      const inner = withCtes(content, hidden)
      const level = levels.find((one) => one === key)
      if (level !== undefined) scopes.push(scopeOf(level, content, inner))
      visit(content, inner)
    }
  }
  visit({ [kind]: node }, new Set())
  return scopes.filter(({ tables }) => tables.length > 0)
}

function withCtes(node: Tree, hidden: ReadonlySet<string>): ReadonlySet<string> {
  const ctes = list((node.withClause as Tree | undefined)?.ctes)
  const names = ctes.flatMap((cte) => text(as(cte, 'CommonTableExpr')?.ctename) ?? [])
  return names.length === 0 ? hidden : new Set([...hidden, ...names])
}

type Gathering = {
  readonly tables: ScopeTable[]
  readonly others: Set<string>
  readonly conditions: unknown[]
  readonly using: string[][]
  open: boolean
}

function scopeOf(kind: Scope['kind'], node: Tree, hidden: ReadonlySet<string>): Scope {
  const found: Gathering = { tables: [], others: new Set(), conditions: [], using: [], open: false }
  if (kind !== 'SelectStmt') addTable(node.relation, hidden, found)
  for (const item of [...list(node.fromClause), ...list(node.usingClause)])
    gather(item, hidden, found)
  if (isTree(node.whereClause)) found.conditions.push(node.whereClause)
  const groups = new Groups()
  for (const condition of found.conditions) addCondition(condition, found, groups)
  for (const columns of found.using) joinUsing(columns, found, groups)
  const { tables } = found
  return {
    kind,
    tables,
    open: found.open,
    isPinned: (alias, column) => groups.same(`${alias}.${column}`, pin),
    areEqual: (a, b) => groups.same(`${a.alias}.${a.column}`, `${b.alias}.${b.column}`),
  }
}

const pin = '=value'

function gather(item: unknown, hidden: ReadonlySet<string>, found: Gathering): void {
  const range = as(item, 'RangeVar')
  if (range !== null) {
    addTable(range, hidden, found)
    return
  }
  const join = as(item, 'JoinExpr')
  if (join === null) {
    // A subquery or a function: a level of its own; its columns here may be any.
    const other = isTree(item) ? Object.values(item)[0] : undefined
    const alias = isTree(other) ? text((other.alias as Tree | undefined)?.aliasname) : null
    if (alias !== null) found.others.add(alias)
    return
  }
  gather(join.larg, hidden, found)
  gather(join.rarg, hidden, found)
  if (join.isNatural === true) found.open = true
  if (isTree(join.quals)) found.conditions.push(join.quals)
  if (join.usingClause !== undefined) found.using.push(namesOf(join.usingClause))
}

function addTable(range: unknown, hidden: ReadonlySet<string>, found: Gathering): void {
  const table = tableOf(range)
  if (table === null || !isTree(range)) return
  const alias = text((range.alias as Tree | undefined)?.aliasname) ?? table
  if (hidden.has(table)) found.others.add(alias)
  else found.tables.push({ table, alias, location: locationOf(range) })
}

/** The parts of a condition that all hold. A bare value among them may be any condition: a fragment. */
function addCondition(node: unknown, found: Gathering, groups: Groups): void {
  const and = as(node, 'BoolExpr')
  if (and?.boolop === 'AND_EXPR') {
    for (const arm of list(and.args)) addCondition(arm, found, groups)
    return
  }
  if (as(node, 'ParamRef') !== null) found.open = true
  // In an OR a key may be named in each arm; whoever writes that is left alone.
  if (and?.boolop === 'OR_EXPR') found.open = true
  const comparison = as(node, 'A_Expr')
  if (comparison === null || namesOf(comparison.name).join() !== '=') return
  const left = sideOf(comparison.lexpr, found)
  const many = comparison.kind === 'AEXPR_IN' || comparison.kind === 'AEXPR_OP_ANY'
  const right = many ? pin : sideOf(comparison.rexpr, found)
  for (const one of left.length === 0 ? [pin] : left) {
    for (const other of typeof right === 'string' ? [right] : right.length === 0 ? [pin] : right) {
      groups.join(one, other)
    }
  }
}

/** The columns that a side of a comparison is; none when it is a value of any kind. */
function sideOf(node: unknown, { tables, others }: Gathering): string[] {
  const cast = as(node, 'TypeCast')
  if (cast !== null) return sideOf(cast.arg, { tables, others } as Gathering)
  const fields = namesOf(as(node, 'ColumnRef')?.fields)
  const column = fields.at(-1)
  if (column === undefined) return []
  if (fields.length === 1) {
    // Without a table's name it may be the column of any of them.
    return tables.map(({ alias }) => `${alias}.${column}`)
  }
  const alias = fields.at(-2) ?? ''
  return tables.some((table) => table.alias === alias) ? [`${alias}.${column}`] : []
}

function joinUsing(columns: readonly string[], { tables }: Gathering, groups: Groups): void {
  for (const column of columns) {
    for (const { alias } of tables)
      groups.join(`${tables[0]?.alias}.${column}`, `${alias}.${column}`)
  }
}

/** Names that are equal to each other, in groups that grow together. */
class Groups {
  readonly #parents = new Map<string, string>()

  join(a: string, b: string): void {
    this.#parents.set(this.#root(a), this.#root(b))
  }

  same(a: string, b: string): boolean {
    return this.#root(a) === this.#root(b)
  }

  #root(name: string): string {
    let at = name
    for (
      let up = this.#parents.get(at);
      up !== undefined && up !== at;
      up = this.#parents.get(at)
    ) {
      at = up
    }
    return at
  }
}
