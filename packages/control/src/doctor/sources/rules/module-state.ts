import type { AnyNode } from 'acorn'
import type { Facts, Found, Rule } from '../../rule.ts'
import { isTopLevel, methodOf } from '../look.ts'
import type { Source } from '../source.ts'

const adds = new Set(['set', 'add', 'push', 'unshift'])

export const moduleState: Rule = {
  id: 'module-state',
  rungs: ['balanced'],
  severity: 'advice',
  what: 'A Map, Set or array at the top of a module to which requests add.',
  why: 'Each web server has its own: what one request put there the next may not find, an invalidation reaches one of them, and a restart forgets it.',
  mend: 'Keep what must be found again in the database. A cache of values that may be old for a while can stay.',
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { name, node } of collections(source)) {
        if (!isAddedTo(source, name)) continue
        const what = `Functions add to \`${name}\`, which lives in the memory of this process.`
        yield { file: source.path, line: source.lineOf(node), what }
      }
    }
  },
}

/** Collections that begin empty: filled ones are tables of constants. */
function collections(source: Source): { name: string; node: AnyNode }[] {
  return source.all('VariableDeclarator').flatMap(({ node, around }) => {
    if (node.id.type !== 'Identifier' || node.init == null || !isTopLevel(around)) return []
    return source.names.has(node.id.name) && beginsEmpty(node.init)
      ? [{ name: node.id.name, node }]
      : []
  })
}

function beginsEmpty(node: AnyNode): boolean {
  if (node.type === 'ArrayExpression') return node.elements.length === 0
  if (node.type !== 'NewExpression' || node.callee.type !== 'Identifier') return false
  return ['Map', 'Set'].includes(node.callee.name) && node.arguments.length === 0
}

/** In a function that takes a request, or hands one on: what is filled at the start is no state. */
function isAddedTo(source: Source, name: string): boolean {
  return source.all('CallExpression').some(({ node, around }) => {
    const method = methodOf(node.callee)
    if (method === null || !adds.has(method) || isTopLevel(around)) return false
    const { callee } = node
    if (callee.type !== 'MemberExpression') return false
    return callee.object.type === 'Identifier' && callee.object.name === name && inHandler(around)
  })
}

/** Inside a function that is given to `app.get(…)` and its like. */
function inHandler(around: readonly AnyNode[]): boolean {
  return around.some((node, at) => {
    const inner = around[at + 1]
    if (node.type !== 'CallExpression' || inner === undefined || !/Function/.test(inner.type))
      return false
    const method = methodOf(node.callee)
    return method !== null && routeMethods.has(method)
  })
}

const routeMethods = new Set([
  'get',
  'post',
  'put',
  'patch',
  'delete',
  'all',
  'use',
  'on',
  'route',
  'ws',
  'addHook',
  'handle',
])
