/** Small tools for the trees of PostgreSQL's parser: every node is an object with its name as the key. */

export type Tree = { readonly [key: string]: unknown }

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The content of a node of that kind, or null: `as(node, 'ColumnRef')`. */
export function as(node: unknown, kind: string): Tree | null {
  const content = isTree(node) ? node[kind] : undefined
  return isTree(content) ? content : null
}

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Strings of a list of names. */
export const namesOf = (value: unknown): string[] =>
  list(value).flatMap((node) => text(as(node, 'String')?.sval) ?? [])

/** Every node of a kind, anywhere below. */
export function* findAll(node: unknown, kind: string): Iterable<Tree> {
  if (Array.isArray(node)) {
    for (const item of node) yield* findAll(item, kind)
  } else if (isTree(node)) {
    for (const [key, value] of Object.entries(node)) {
      if (key === kind && isTree(value)) yield value
      yield* findAll(value, kind)
    }
  }
}

/** A table's name without its schema where that is `public`; null for those of other schemas. */
export function tableOf(range: unknown): string | null {
  if (!isTree(range)) return null
  const schema = text(range.schemaname)
  return schema === null || schema === 'public' ? text(range.relname) : null
}

export const locationOf = (node: Tree): number =>
  typeof node.location === 'number' ? node.location : 0
