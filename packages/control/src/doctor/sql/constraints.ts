import type { Place, SchemaColumn, SchemaForeignKey, SchemaTable, SchemaUnique } from './schema.ts'
import { namesOf, type Tree, tableOf, text } from './tree.ts'

/** A table while the migrations are gone through. */
export type Draft = {
  -readonly [Key in Exclude<
    keyof SchemaTable,
    'columns' | 'uniques' | 'foreignKeys'
  >]: SchemaTable[Key]
} & {
  columns: SchemaColumn[]
  uniques: SchemaUnique[]
  foreignKeys: SchemaForeignKey[]
  primaryKeyName: string | null
}

/** What stands behind a column: `primary key`, `unique`, `references`. */
export function inlineConstraints(
  draft: Draft,
  column: string,
  constraints: readonly Tree[],
  at: (location: unknown) => Place,
): void {
  for (const constraint of constraints) {
    constraintOf(draft, constraint, at(constraint.location), [column])
  }
}

/** A constraint of a table; `columns` when it stands behind one. */
export function constraintOf(
  draft: Draft,
  constraint: Tree,
  place: Place,
  columns: readonly string[] = namesOf(constraint.keys),
): void {
  const name = text(constraint.conname)
  if (constraint.contype === 'CONSTR_PRIMARY') {
    // USING INDEX names no columns.
    draft.primaryKey = columns.length > 0 ? columns : 'unknown'
    draft.primaryKeyName = name
  } else if (constraint.contype === 'CONSTR_UNIQUE' && columns.length > 0) {
    draft.uniques.push({ name: name ?? `${draft.name}_${columns.join('_')}_key`, columns, place })
  } else if (constraint.contype === 'CONSTR_FOREIGN') {
    const own = namesOf(constraint.fk_attrs)
    draft.foreignKeys.push({
      columns: own.length > 0 ? own : columns,
      table: tableOf(constraint.pktable) ?? '',
      targets: namesOf(constraint.pk_attrs),
      place,
    })
  }
}
