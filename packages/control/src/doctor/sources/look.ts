import type { AnyNode, CallExpression, Expression, NewExpression, ObjectExpression } from 'acorn'
import { type Imported, importedBy } from './bindings.ts'
import type { Seen, Source } from './source.ts'

/** Small questions about a syntax tree that several rules ask. */

export type Call = { readonly node: CallExpression | NewExpression; readonly imported: Imported }

/** Calls (also with `new`) of what a module exports. */
export function callsOf(source: Source, modules: readonly string[]): readonly Call[] {
  if (!modules.some((module) => source.imports.includes(module))) return []
  return [...source.all('CallExpression'), ...source.all('NewExpression')].flatMap(({ node }) => {
    const imported = importedBy(node.callee as Expression, source.names)
    return imported !== null && modules.includes(imported.module) ? [{ node, imported }] : []
  })
}

/** Calls of a method by its name, whoever has it: `app.listen(…)`. */
export function callsOfMethod(
  source: Source,
  names: readonly string[],
): readonly Seen<'CallExpression'>[] {
  return source.all('CallExpression').filter(({ node }) => {
    const name = methodOf(node.callee as Expression)
    return name !== null && names.includes(name)
  })
}

/** The name of the method that a callee is: `listen` of `app.listen`. */
export function methodOf(callee: AnyNode): string | null {
  if (callee.type !== 'MemberExpression' || callee.computed) return null
  return callee.property.type === 'Identifier' ? callee.property.name : null
}

/** What an expression is when a name only stands for it. */
export function meaningOf(source: Source, node: AnyNode): AnyNode {
  let value = node
  for (let depth = 0; depth < 5 && value.type === 'Identifier'; depth++) {
    const binding = source.names.get(value.name)
    if (binding?.kind !== 'constant') return value
    value = binding.value
  }
  return value
}

export function numberOf(source: Source, node: AnyNode | undefined): number | null {
  const value = node === undefined ? null : meaningOf(source, node)
  return value?.type === 'Literal' && typeof value.value === 'number' ? value.value : null
}

/** An argument as an object that is written out, or null. */
export function objectOf(source: Source, node: AnyNode | undefined): ObjectExpression | null {
  const value = node === undefined ? null : meaningOf(source, node)
  return value?.type === 'ObjectExpression' ? value : null
}

/** A property of a written object; undefined when it is not there. */
export function propertyOf(object: ObjectExpression, name: string): AnyNode | undefined {
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.computed) continue
    const key = property.key.type === 'Identifier' ? property.key.name : null
    if (key === name || (property.key.type === 'Literal' && property.key.value === name)) {
      return property.value
    }
  }
  return undefined
}

/** Whether an object takes properties from elsewhere, so that nobody can say what is not in it. */
export const spreads = (object: ObjectExpression): boolean =>
  object.properties.some(({ type }) => type === 'SpreadElement')

/** Whether a node stands at the top of its file, in no function. */
export const isTopLevel = (around: readonly AnyNode[]): boolean =>
  !around.some(({ type }) => /Function/.test(type))
