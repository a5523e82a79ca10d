import type { AnyNode } from 'acorn'
import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf, callsOfMethod, numberOf, objectOf, propertyOf } from '../look.ts'
import type { Source } from '../source.ts'

export const fixedPort: Rule = {
  id: 'fixed-port',
  rungs: ['single', 'balanced'],
  severity: 'blocks',
  what: 'A web process that listens on a port written in the code.',
  why: 'Banyan says in PORT where a process listens. On another port nobody finds it, and the second web server of `balanced` finds the port taken.',
  mend: 'Listen on process.env.PORT, for example app.listen(Number(process.env.PORT ?? 3000)); or call `serve(app)` from banyan.',
  *find({ web, port: chosen }: Facts): Iterable<Found> {
    const usesIt = web.some(usesPort)
    for (const source of web) {
      for (const { node, port } of listens(source)) {
        // A second port, or the right one by chance: right for one process, taken for the next.
        const rungs = usesIt || port === chosen ? onlyBalanced : both
        const what = `It listens on port ${port}, whatever PORT says.`
        yield { file: source.path, line: source.lineOf(node), what, rungs }
      }
    }
  },
}

const onlyBalanced = ['balanced'] as const
const both = ['single', 'balanced'] as const

function* listens(source: Source): Iterable<{ node: AnyNode; port: number }> {
  const calls = [
    ...callsOfMethod(source, ['listen']).map(({ node }) => node),
    ...callsOf(source, ['@hono/node-server'])
      .filter(({ imported }) => imported.name === 'serve')
      .map(({ node }) => node),
  ]
  for (const node of calls) {
    const [first] = node.arguments
    const object = objectOf(source, first)
    const port = numberOf(source, object === null ? first : propertyOf(object, 'port'))
    if (port !== null && port > 0 && port < 65_536) yield { node, port }
  }
}

/** `env.PORT`, `'PORT'`, `PORT: z.string()`, `{ PORT } = process.env`; not `const PORT = 3000`. */
const readsPort = /\benv\.PORT\b|['"`]PORT['"`]|\bPORT\s*:|\{[^}]*\bPORT\b[^}]*\}\s*=[^;\n]*\benv\b/

/** Takes the port from the environment, or lets `serve` listen. */
function usesPort(source: Source): boolean {
  if (readsPort.test(source.text)) return true
  return callsOf(source, ['banyan']).some(({ imported }) => imported.name === 'serve')
}
