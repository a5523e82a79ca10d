import type { Facts, Found, Rule } from '../../rule.ts'
import { importedBy } from '../bindings.ts'
import { callsOf, callsOfMethod, objectOf, propertyOf, spreads } from '../look.ts'
import type { Source } from '../source.ts'

export const rateLimitMemory: Rule = {
  id: 'rate-limit-memory',
  rungs: ['balanced'],
  severity: 'advice',
  what: 'A rate limit that counts in the memory of the web process.',
  why: 'Each web server counts for itself, so that with N of them a client may do N times as much.',
  mend: 'Give it a store that all share, or divide the limit by the number of web servers.',
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { node, imported } of callsOf(source, ['express-rate-limit'])) {
        const isLimit = imported.name === 'default' || imported.name === 'rateLimit'
        if (isLimit && lacks(source, node.arguments[0], ['store'])) yield at(source, node)
      }
      for (const { node } of callsOfMethod(source, ['register'])) {
        const [plugin, options] = node.arguments
        const imported = plugin === undefined ? null : importedBy(plugin, source.names)
        if (imported?.module !== '@fastify/rate-limit') continue
        if (lacks(source, options, ['redis', 'store'])) yield at(source, node)
      }
    }
  },
}

function at(source: Source, node: { readonly start: number }): Found {
  return {
    file: source.path,
    line: source.lineOf(node),
    what: 'The rate limit counts in this process only.',
  }
}

function lacks(source: Source, argument: Parameters<typeof objectOf>[1], names: string[]): boolean {
  const options = objectOf(source, argument)
  if (options === null || spreads(options)) return false
  return names.every((name) => propertyOf(options, name) === undefined)
}
