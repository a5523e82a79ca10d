import type { AnyNode, Expression, Pattern } from 'acorn'
import type { Source } from './source.ts'

/** An export of a module: `{ module: 'pg', name: 'Pool' }`; the whole of it is `default`. */
export type Imported = { readonly module: string; readonly name: string }

/** What a name stands for. */
export type Binding =
  | { readonly kind: 'imported'; readonly imported: Imported }
  | { readonly kind: 'constant'; readonly value: Expression }

/** Names of a file by what they are given once. Names that are made twice are left out: unsure. */
export function bindingsOf(all: Source['all']): ReadonlyMap<string, Binding> {
  const names = new Map<string, Binding>()
  const twice = new Set<string>()
  const set = (name: string, binding: Binding) => {
    if (names.has(name)) twice.add(name)
    names.set(name, binding)
  }
  for (const { node } of all('ImportDeclaration')) {
    for (const specifier of node.specifiers) {
      const imported = { module: String(node.source.value), name: exportedName(specifier) }
      set(specifier.local.name, { kind: 'imported', imported })
    }
  }
  for (const { node } of all('VariableDeclarator')) {
    if (node.init == null) continue
    for (const [name, path] of namesIn(node.id)) set(name, bindingTo(node.init, path, names))
  }
  for (const name of twice) names.delete(name)
  return names
}

function exportedName(specifier: {
  type: string
  imported?: { name?: string; value?: unknown }
}): string {
  if (specifier.type !== 'ImportSpecifier') return 'default'
  return String(specifier.imported?.name ?? specifier.imported?.value ?? 'default')
}

/** The names of a pattern, each with the property that it takes: `{ Pool: P }` gives P from Pool. */
function namesIn(pattern: Pattern): [name: string, property: string | null][] {
  if (pattern.type === 'Identifier') return [[pattern.name, null]]
  if (pattern.type !== 'ObjectPattern') return []
  return pattern.properties.flatMap((property): [string, string | null][] => {
    if (property.type !== 'Property' || property.value.type !== 'Identifier') return []
    return property.key.type === 'Identifier' ? [[property.value.name, property.key.name]] : []
  })
}

function bindingTo(
  value: Expression,
  property: string | null,
  names: ReadonlyMap<string, Binding>,
): Binding {
  const whole = importedBy(value, names)
  if (whole === null) return { kind: 'constant', value }
  if (property === null) return { kind: 'imported', imported: whole }
  return { kind: 'imported', imported: { module: whole.module, name: property } }
}

/** The export of a module that an expression is, or null: `Pool`, `pg.Pool`, `require('pg').Pool`. */
export function importedBy(node: AnyNode, names: ReadonlyMap<string, Binding>): Imported | null {
  if (node.type === 'Identifier') {
    const binding = names.get(node.name)
    return binding?.kind === 'imported' ? binding.imported : null
  }
  if (node.type === 'AwaitExpression') return importedBy(node.argument, names)
  const module = requiredBy(node)
  if (module !== null) return { module, name: 'default' }
  if (node.type !== 'MemberExpression' || node.property.type !== 'Identifier') return null
  const whole = importedBy(node.object, names)
  return whole?.name === 'default' ? { module: whole.module, name: node.property.name } : null
}

function requiredBy(node: AnyNode): string | null {
  const source =
    node.type === 'ImportExpression'
      ? node.source
      : node.type === 'CallExpression' &&
          node.callee.type === 'Identifier' &&
          node.callee.name === 'require'
        ? node.arguments[0]
        : null
  return source?.type === 'Literal' && typeof source.value === 'string' ? source.value : null
}
