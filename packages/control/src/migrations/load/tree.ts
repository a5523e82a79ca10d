/** What stands in the parser's tree, where nothing is promised. */
export type Tree = Readonly<Record<string, unknown>>

export type Relation = { readonly schemaname?: string; readonly relname: string }

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The only value of an object with one key: `{ String: { sval } }` → `{ sval }`. */
export function unwrap(value: unknown): readonly [string, Tree] {
  const [[kind, inner] = ['', {}]] = isTree(value) ? Object.entries(value) : []
  return [kind, isTree(inner) ? inner : {}]
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The last part of a name: `pg_catalog.int4` → `int4`. */
export function lastName(names: unknown): string {
  const [, last] = unwrap(listOf(names).at(-1))
  return String(last.sval ?? '')
}

/** Every node of a tree with its kind, the outer ones first. */
export function* walk(value: unknown): Generator<readonly [string, Tree]> {
  if (Array.isArray(value)) for (const item of value) yield* walk(item)
  if (!isTree(value)) return
  for (const [kind, inner] of Object.entries(value)) {
    if (isTree(inner)) yield [kind, inner]
    yield* walk(inner)
  }
}

/** Every relation that a statement names. */
export function relationsIn(node: Tree): Relation[] {
  const found: Relation[] = []
  for (const [, inner] of walk({ Statement: node })) {
    if (typeof inner.relname === 'string') found.push(inner as unknown as Relation)
  }
  return found
}

/** The number of a LIMIT that is written out, the smallest when there are several; null: none. */
export function limitIn(node: Tree): number | null {
  const limits: number[] = []
  for (const [, inner] of walk({ Statement: node })) {
    const [kind, constant] = unwrap(inner.limitCount)
    const [, value] = unwrap({ value: constant.ival })
    if (kind === 'A_Const' && typeof value.ival === 'number') limits.push(value.ival)
  }
  return limits.length === 0 ? null : Math.min(...limits)
}
