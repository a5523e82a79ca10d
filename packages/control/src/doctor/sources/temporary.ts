import type { AnyNode } from 'acorn'
import { simple } from 'acorn-walk'
import { importedBy } from './bindings.ts'
import { meaningOf } from './look.ts'
import type { Source } from './source.ts'

/** Whether an expression names something in a temporary folder, or may: `join(tmpdir(), name)`. */
export function isTemporary(source: Source, node: AnyNode): boolean {
  let found = false
  const look = (value: AnyNode): void => {
    simple(value, {
      Literal: ({ value: text }) => {
        if (typeof text === 'string' && /^\/(tmp|var\/tmp|dev)(\/|$)/.test(text)) found = true
      },
      TemplateElement: ({ value: { cooked } }) => {
        if (/^\/(tmp|var\/tmp|dev)(\/|$)/.test(cooked ?? '')) found = true
      },
      Identifier: (identifier) => {
        const imported = importedBy(identifier, source.names)
        if (/^te?mp/i.test(identifier.name) || imported?.name === 'tmpdir') found = true
        const meant = meaningOf(source, identifier)
        if (meant !== identifier && meant.start !== node.start && meant.type !== 'Identifier') {
          if (meant.end < value.start || meant.start > value.end) look(meant)
        }
      },
      MemberExpression: ({ property }) => {
        if (property.type === 'Identifier' && /^(te?mp|TE?MP)/.test(property.name)) found = true
      },
    })
  }
  look(node)
  return found
}
