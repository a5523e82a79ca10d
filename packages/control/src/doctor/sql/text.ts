import type { AnyNode, Expression, TemplateLiteral } from 'acorn'
import { importedBy } from '../sources/bindings.ts'
import { meaningOf, methodOf, objectOf, propertyOf } from '../sources/look.ts'
import type { Source } from '../sources/source.ts'

/** How a statement gets to the database, as far as it can be seen. */
export type Via =
  /** A pool or client of `pg`, which knows of no key. */
  | 'pool'
  /** `data.of(key).read` and its like, written in one expression. */
  | 'scope'
  /** Anything else: a fragment, a transaction, a shard. */
  | 'unknown'

/** SQL as it stands in code; `${…}` became `$1`, the same expression always the same number. */
export type SqlText = {
  readonly source: Source
  readonly sql: string
  readonly via: Via
  /** The line of a place in `sql`, counted in characters. */
  readonly lineAt: (offset: number) => number
}

const poolMethods = new Set(['query', 'execute', 'unsafe', '$queryRawUnsafe', '$executeRawUnsafe'])
const tagMethods = new Set(['read', 'write', 'sql', 'query', '$queryRaw', '$executeRaw'])

/** All SQL of a file that can be seen: tagged templates, and what is given to `query` and its like. */
export function sqlTextsOf(source: Source): readonly SqlText[] {
  const tagged = source.all('TaggedTemplateExpression').flatMap(({ node, around }) => {
    const via = viaOfTag(source, node.tag, around)
    return via === null ? [] : (textOf(source, node.quasi, via) ?? [])
  })
  const called = source.all('CallExpression').flatMap(({ node }) => {
    const method = methodOf(node.callee)
    const [first] = node.arguments
    if (method === null || !poolMethods.has(method) || first === undefined) return []
    const object = objectOf(source, first)
    const text = object === null ? first : propertyOf(object, 'text')
    return text === undefined ? [] : (textOf(source, meaningOf(source, text), 'pool') ?? [])
  })
  return [...tagged, ...called]
}

function viaOfTag(source: Source, tag: Expression, around: readonly AnyNode[]): Via | null {
  if (tag.type === 'Identifier') {
    if (tag.name !== 'sql') return null
    return isOwnTag(source, tag) || isExecuted(around) ? 'pool' : 'unknown'
  }
  const method = methodOf(tag)
  if (method === null || !tagMethods.has(method) || tag.type !== 'MemberExpression') return null
  if (method.startsWith('$')) return 'pool'
  return isScope(tag.object) ? 'scope' : 'unknown'
}

/** postgres.js: the tag is the connection itself. */
function isOwnTag(source: Source, tag: AnyNode): boolean {
  const value = meaningOf(source, tag)
  if (value.type !== 'CallExpression') return false
  return importedBy(value.callee, source.names)?.module === 'postgres'
}

/** Drizzle: `db.execute(sql…)`. */
function isExecuted(around: readonly AnyNode[]): boolean {
  const outer = around.at(-2)
  return outer?.type === 'CallExpression' && methodOf(outer.callee) === 'execute'
}

/** `data.of(key)`, also when it came as an argument: nothing else is asked so. */
function isScope(node: AnyNode): boolean {
  if (node.type !== 'CallExpression' || node.arguments.length === 0) return false
  return methodOf(node.callee) === 'of'
}

/** Pieces of SQL, each with where it stands in the file. */
type Piece = { readonly text: string; readonly node: { readonly start: number } }

function textOf(source: Source, node: AnyNode, via: Via): SqlText[] | null {
  const pieces = piecesOf(source, node, new Map())
  if (pieces === null) return null
  const sql = pieces.map(({ text }) => text).join('')
  return [{ source, sql, via, lineAt: (offset) => lineIn(source, pieces, offset) }]
}

function lineIn(source: Source, pieces: readonly Piece[], offset: number): number {
  let before = 0
  for (const { text, node } of pieces) {
    if (offset < before + text.length || text === pieces.at(-1)?.text) {
      const lines = text.slice(0, Math.max(0, offset - before)).split('\n').length - 1
      return source.lineOf(node) + lines
    }
    before += text.length
  }
  return 1
}

/** Null where something else than text and values makes the SQL: then it cannot be known. */
function piecesOf(source: Source, node: AnyNode, values: Map<string, number>): Piece[] | null {
  if (node.type === 'Literal') {
    return typeof node.value === 'string' ? [{ text: node.value, node }] : null
  }
  if (node.type === 'TemplateLiteral') return templatePieces(node, values)
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return null
  const left = piecesOf(source, meaningOf(source, node.left), values)
  const right = piecesOf(source, meaningOf(source, node.right), values)
  return left === null || right === null ? null : [...left, ...right]
}

function templatePieces(
  { quasis, expressions }: TemplateLiteral,
  values: Map<string, number>,
): Piece[] {
  return quasis.flatMap((quasi, at) => {
    const text = { text: quasi.value.cooked ?? quasi.value.raw, node: quasi }
    const value = expressions[at]
    if (value === undefined) return [text]
    const written = `${value.type}:${describe(value)}`
    const number = values.get(written) ?? values.size + 1
    values.set(written, number)
    return [text, { text: `$${number}`, node: value }]
  })
}

/** A name for an expression, the same for the same one; every complicated one is another. */
function describe(node: AnyNode): string {
  if (node.type === 'Identifier') return node.name
  if (node.type !== 'MemberExpression' || node.computed) return `at ${node.start}`
  return `${describe(node.object)}.${node.property.type === 'Identifier' ? node.property.name : node.start}`
}
