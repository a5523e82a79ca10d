import type { Facts, Found, Rule } from '../../rule.ts'
import { importedBy } from '../bindings.ts'
import { callsOf, callsOfMethod, objectOf, propertyOf, spreads } from '../look.ts'
import type { Source } from '../source.ts'

export const sessionMemory: Rule = {
  id: 'session-memory',
  rungs: ['balanced'],
  severity: 'blocks',
  what: 'Sessions kept in the memory of the web process: express-session or @fastify/session without a store.',
  why: 'The next request may reach another web server, which does not know the session; a restart forgets them all.',
  mend: "Keep them in the database, for example store: new (connectPgSimple(session))({ pool }) with Pool from 'banyan/pg'; or in a signed cookie.",
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { node, imported } of callsOf(source, ['express-session'])) {
        const isStore = imported.name === 'MemoryStore'
        const lacks = imported.name === 'default' && lacksStore(source, node.arguments[0])
        if (!isStore && !lacks) continue
        yield {
          file: source.path,
          line: source.lineOf(node),
          what: 'Sessions are kept in the memory of this process.',
        }
      }
      for (const { node } of callsOfMethod(source, ['register'])) {
        const [plugin, options] = node.arguments
        const imported = plugin === undefined ? null : importedBy(plugin, source.names)
        if (imported?.module !== '@fastify/session' || !lacksStore(source, options)) continue
        yield {
          file: source.path,
          line: source.lineOf(node),
          what: 'Sessions are kept in the memory of this process.',
        }
      }
    }
  },
}

/** Only when the options are written out can anybody say what is not in them. */
function lacksStore(source: Source, argument: Parameters<typeof objectOf>[1]): boolean {
  const options = objectOf(source, argument)
  return options !== null && !spreads(options) && propertyOf(options, 'store') === undefined
}
