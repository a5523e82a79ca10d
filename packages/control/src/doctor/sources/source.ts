import type { AnyNode, Program } from 'acorn'
import { full } from 'acorn-walk'
import { type Binding, bindingsOf } from './bindings.ts'

/** A node of the syntax tree, with the nodes around it, outermost first and itself last. */
export type Seen<Type extends KeptType = KeptType> = {
  readonly node: Extract<AnyNode, { type: Type }>
  readonly around: readonly AnyNode[]
}

/** A file of the app, read and taken apart once for all rules. */
export type Source = {
  readonly path: string
  readonly text: string
  /** All nodes of a type, in the order of the text. */
  readonly all: <Type extends KeptType>(type: Type) => readonly Seen<Type>[]
  /** What a name of this file is: an export of a module, or a constant. */
  readonly names: ReadonlyMap<string, Binding>
  /** The line, from 1, on which a node begins. */
  readonly lineOf: (node: { readonly start: number }) => number
  /** The specifiers of what it imports, in any way whose name is a literal. */
  readonly imports: readonly string[]
}

/** Makes a source of a parsed file. `lineAt` maps a place in the code that was parsed to the file's line. */
export function makeSource(
  path: string,
  text: string,
  program: Program,
  lineAt: (offset: number) => number,
): Source {
  const byType = new Map<string, Seen[]>()
  full(program, (found) => {
    const node = found as AnyNode
    if (!kept.has(node.type)) return
    // Worked out when it is asked for: a list for each node of a large file would fill the memory.
    const seen = {
      node,
      get around() {
        return aroundOf(node, program)
      },
    }
    const list = byType.get(node.type)
    if (list === undefined) byType.set(node.type, [seen as Seen])
    else list.push(seen as Seen)
  })
  // The walk comes back from the leaves; readers go from top to bottom.
  for (const list of byType.values()) list.sort((a, b) => a.node.start - b.node.start)
  const all = <Type extends KeptType>(type: Type) =>
    (byType.get(type) ?? []) as unknown as readonly Seen<Type>[]
  const partial = { path, text, all, lineOf: ({ start }: { start: number }) => lineAt(start) }
  return { ...partial, names: bindingsOf(all), imports: importsOf(all) }
}

/** The types of nodes that anybody asks for. */
const keptTypes = [
  'CallExpression',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'FunctionDeclaration',
  'ImportDeclaration',
  'ImportExpression',
  'Literal',
  'MemberExpression',
  'NewExpression',
  'TaggedTemplateExpression',
  'VariableDeclarator',
] as const

type KeptType = (typeof keptTypes)[number]

const kept = new Set<string>(keptTypes)

/** From the program down to a node, by places: children lie within their parents. */
function aroundOf(node: AnyNode, program: Program): AnyNode[] {
  const around: AnyNode[] = [program]
  for (let at: AnyNode | undefined = program; at !== undefined && at !== node; ) {
    at = childrenOf(at).find(({ start, end }) => start <= node.start && node.end <= end)
    if (at !== undefined) around.push(at)
  }
  return around
}

function childrenOf(node: AnyNode): AnyNode[] {
  const values: unknown[] = Object.values(node)
  return values.flat().filter((value): value is AnyNode => {
    return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
  })
}

type All = Source['all']

function importsOf(all: All): string[] {
  const literal = (node: AnyNode | null | undefined) =>
    node?.type === 'Literal' && typeof node.value === 'string' ? [node.value] : []
  return [
    ...all('ImportDeclaration').flatMap(({ node }) => literal(node.source)),
    ...all('ExportNamedDeclaration').flatMap(({ node }) => literal(node.source)),
    ...all('ExportAllDeclaration').flatMap(({ node }) => literal(node.source)),
    ...all('ImportExpression').flatMap(({ node }) => literal(node.source)),
    ...all('CallExpression').flatMap(({ node }) =>
      node.callee.type === 'Identifier' && node.callee.name === 'require'
        ? literal(node.arguments[0])
        : [],
    ),
  ]
}
