import type { AnyNode, Expression } from 'acorn'
import { simple } from 'acorn-walk'
import type { Facts, Found, Rule } from '../../rule.ts'
import { meaningOf, methodOf } from '../look.ts'
import type { Source } from '../source.ts'

export const intervalInWeb: Rule = {
  id: 'interval-in-web',
  rungs: ['balanced'],
  severity: 'advice',
  what: 'A `setInterval` in a web process whose work writes to the database or calls another service.',
  why: 'Every web server does it, so that with two of them it is done twice as often, at the same time.',
  mend: "Move it into a service without routes, of which there is one: worker: { run: 'node src/worker.ts' }. Leave it where it is when each web server needs it for itself.",
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { node } of source.all('CallExpression')) {
        if (node.callee.type !== 'Identifier' || node.callee.name !== 'setInterval') continue
        const [first] = node.arguments
        const work = first === undefined ? null : functionOf(source, first)
        if (work === null || !reachesOut(work)) continue
        yield {
          file: source.path,
          line: source.lineOf(node),
          what: 'Each web server does this at intervals.',
        }
      }
    }
  },
}

/** The function itself, or the one of that name in this file. */
function functionOf(source: Source, node: AnyNode): AnyNode | null {
  const value = meaningOf(source, node)
  if (/Function/.test(value.type)) return value
  if (value.type !== 'Identifier') return null
  const named = source
    .all('FunctionDeclaration')
    .filter((declaration) => declaration.node.id?.name === value.name)
  return named.length === 1 ? (named[0]?.node ?? null) : null
}

/** A write in plain SQL, a write of `data`, a request elsewhere, a mail. */
function reachesOut(work: AnyNode): boolean {
  let found = false
  simple(work, {
    CallExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === 'Identifier' && callee.name === 'fetch') found = true
      const method = methodOf(callee as Expression)
      if (method === 'sendMail' || (method === 'query' && writes(textOf(first)))) found = true
    },
    TaggedTemplateExpression: ({ tag, quasi }) => {
      if (methodOf(tag) === 'write' || writes(quasi.quasis[0]?.value.cooked ?? '')) found = true
    },
  })
  return found
}

const textOf = (node: AnyNode | undefined): string =>
  node?.type === 'Literal'
    ? String(node.value)
    : node?.type === 'TemplateLiteral'
      ? (node.quasis[0]?.value.cooked ?? '')
      : ''

const writes = (sql: string): boolean => /^\s*(insert|update|delete|merge|truncate)\b/i.test(sql)
