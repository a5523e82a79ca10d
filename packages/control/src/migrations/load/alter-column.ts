import type { BigTable } from './facts.ts'
import { hints } from './hints.ts'
import type { Known } from './known.ts'
import { lastName, listOf, type Tree, unwrap, walk } from './tree.ts'

export type Danger = { readonly message: string; readonly hint: string }

const serials = new Set(['serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8'])

/** What a new column makes the server do with every row that is there. */
export function judgeNewColumn(table: BigTable, column: Tree, known: Known): Danger[] {
  const name = String(column.colname)
  const type = lastName((column.typeName as Tree | undefined)?.names)
  const constraints = listOf(column.constraints).map((constraint) => unwrap(constraint)[1])
  const given = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')
  const rewriting = (what: string): Danger => ({
    message: `adds the column "${name}" ${what}, which rewrites ${sizeOf(table)}`,
    hint: hints.defaultLater(name),
  })
  const dangers: Danger[] = []
  if (serials.has(type)) dangers.push(rewriting(`as ${type}`))
  const volatile = given === undefined ? null : volatileIn(given, known)
  if (volatile !== null) dangers.push(rewriting(`with the volatile default ${volatile}()`))
  if (known.facts.domains.has(type)) dangers.push(rewriting(`of the domain ${type}`))
  for (const constraint of constraints) {
    dangers.push(...judgeColumnConstraint(table, name, constraint, given !== undefined, rewriting))
  }
  return dangers
}

function judgeColumnConstraint(
  table: BigTable,
  column: string,
  { contype, generated_kind, skip_validation }: Tree,
  hasDefault: boolean,
  rewriting: (what: string) => Danger,
): Danger[] {
  if (contype === 'CONSTR_IDENTITY') return [rewriting('as an identity')]
  if (contype === 'CONSTR_GENERATED' && generated_kind !== 'v') {
    const { message } = rewriting('as a stored generated one')
    const hint = `Add "${column}" as an ordinary column that a trigger keeps, and fill the old rows with \`-- banyan: repeat\`.`
    return [{ message, hint }]
  }
  if (contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_PRIMARY') {
    const kind = contype === 'CONSTR_UNIQUE' ? 'unique' : 'primary key'
    return [
      {
        message: `builds an index on ${sizeOf(table)} while nobody can use it`,
        hint: hints.usingIndex(table.name, kind),
      },
    ]
  }
  const checks = contype === 'CONSTR_CHECK' || (contype === 'CONSTR_FOREIGN' && hasDefault)
  if (!checks || skip_validation === true) return []
  return [
    {
      message: `checks every row of ${sizeOf(table)} while nobody can use it`,
      hint: `Add the column alone. ${hints.notValid(table.name, '…')}`,
    },
  ]
}

function volatileIn(tree: Tree, { facts }: Known): string | null {
  for (const [kind, inner] of walk(tree)) {
    const name = kind === 'FuncCall' ? lastName(inner.funcname) : null
    if (name !== null && facts.volatile.has(name)) return name
  }
  return null
}

/** Only what the server takes over without looking at a row: a wider varchar, or text instead. */
export function judgeType(table: BigTable, name: string, def: Tree): Danger[] {
  const column = table.columns.find((candidate) => candidate.name === name)
  const typeName = (def.typeName ?? {}) as Tree
  const type = lastName(typeName.names)
  const sizes = listOf(typeName.typmods).map((size) => numberOf(unwrap(size)[1]))
  if (column === undefined || (def.raw_default === undefined && widens(column.type, type, sizes)))
    return []
  return [
    {
      message: `changes the type of "${name}" from ${column.type}, which rewrites ${sizeOf(table)} while nobody can use it`,
      hint: hints.newColumn(name),
    },
  ]
}

const numberOf = ({ ival }: Tree): number => Number((ival as Tree | undefined)?.ival ?? 0)

function widens(from: string, to: string, sizes: readonly number[]): boolean {
  const texts = ['text', 'varchar']
  const [, limit] = /^character varying(?:\((\d+)\))?$/.exec(from) ?? []
  const isText = from === 'text' || from.startsWith('character varying')
  if (isText && texts.includes(to)) return sizes.length === 0 || Number(limit) <= (sizes[0] ?? 0)
  const numeric = /^numeric\((\d+),(\d+)\)$/.exec(from)
  if (numeric === null || to !== 'numeric') return from === 'cidr' && to === 'inet'
  if (sizes.length === 0) return true
  return Number(numeric[1]) <= (sizes[0] ?? 0) && Number(numeric[2]) === (sizes[1] ?? 0)
}

/** `"articles" (1,000,000 rows, 120 MB)`. */
export function sizeOf({ name, rows, bytes }: BigTable): string {
  const count = rows > 0 ? `about ${Math.round(rows).toLocaleString('en-US')} rows, ` : ''
  return `"${name}" (${count}${Math.max(1, Math.round(bytes / 1024 / 1024))} MB)`
}
