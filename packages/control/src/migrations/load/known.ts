import type { BigTable, LoadFacts } from './facts.ts'
import { isTree, lastName, listOf, type Relation, type Tree, unwrap } from './tree.ts'

/**
 * What is known of the big tables at one place in the pending migrations: what the database says, and
 * what the statements before have made of it. A table that is not there yet is new, and never big.
 */
export class Known {
  readonly #facts: LoadFacts
  readonly #notNull = new Set<string>()
  readonly #unvalidated = new Map<string, string | null>()
  readonly #indexes = new Map<string, readonly string[]>()
  readonly #checked = new Set<string>()

  constructor(facts: LoadFacts) {
    this.#facts = facts
    for (const table of facts.big) {
      for (const { name, notNull } of table.columns)
        if (notNull) this.#notNull.add(key(table, name))
      for (const { name, column } of table.unvalidated)
        this.#unvalidated.set(key(table, name), column)
      for (const { name, columns } of table.indexes) this.#indexes.set(name, columns)
      if (table.checked) this.#checked.add(key(table, ''))
    }
  }

  get facts(): LoadFacts {
    return this.#facts
  }

  big(relation: unknown): BigTable | null {
    if (!isTree(relation)) return null
    const { schemaname, relname } = relation as Partial<Relation>
    const found = this.#facts.big.find(
      ({ schema, name, visible }) =>
        name === relname && (schemaname === undefined ? visible : schema === schemaname),
    )
    return found ?? null
  }

  /** The big table that an index is on. */
  bigByIndex(relation: unknown): BigTable | null {
    const name = isTree(relation) ? relation.relname : undefined
    return (
      this.#facts.big.find(({ indexes }) => indexes.some((index) => index.name === name)) ?? null
    )
  }

  isNotNull = (table: BigTable, column: string): boolean => this.#notNull.has(key(table, column))

  isChecked = (table: BigTable): boolean => this.#checked.has(key(table, ''))

  columnsOf = (index: string): readonly string[] => this.#indexes.get(index) ?? []

  /** Takes in what a statement makes true for those that follow. */
  learn(kind: string | null, node: Tree): void {
    if (kind === 'IndexStmt' && typeof node.idxname === 'string') {
      this.#indexes.set(node.idxname, listOf(node.indexParams).flatMap(columnOf))
    }
    const table = this.big(node.relation)
    if (kind !== 'AlterTableStmt' || table === null) return
    for (const command of listOf(node.cmds)) this.#learnCommand(table, unwrap(command)[1])
  }

  #learnCommand(table: BigTable, { subtype, name, def }: Tree): void {
    if (subtype === 'AT_SetNotNull') this.#notNull.add(key(table, String(name)))
    if (subtype === 'AT_ValidateConstraint') {
      const column = this.#unvalidated.get(key(table, String(name)))
      if (column != null) this.#notNull.add(key(table, column))
      this.#checked.add(key(table, ''))
    }
    const [kind, constraint] = unwrap(def)
    if (kind === 'Constraint' && typeof constraint.conname === 'string')
      this.#unvalidated.set(key(table, constraint.conname), notNullColumn(constraint))
  }
}

const key = ({ schema, name }: BigTable, part: string): string => `${schema}\0${name}\0${part}`

function columnOf(element: unknown): string[] {
  const { name } = unwrap(element)[1]
  return typeof name === 'string' ? [name] : []
}

/** The column of `check (c is not null)`, or of `not null c`. */
function notNullColumn({ contype, raw_expr, keys }: Tree): string | null {
  if (contype === 'CONSTR_NOTNULL') return lastName(keys)
  const [kind, test] = unwrap(raw_expr)
  if (kind !== 'NullTest' || test.nulltesttype !== 'IS_NOT_NULL') return null
  return lastName(unwrap(test.arg)[1].fields)
}
