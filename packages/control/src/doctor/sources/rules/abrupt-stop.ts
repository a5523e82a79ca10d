import type { AnyNode } from 'acorn'
import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf, callsOfMethod } from '../look.ts'
import type { Source } from '../source.ts'

export const abruptStop: Rule = {
  id: 'abrupt-stop',
  rungs: ['balanced'],
  severity: 'advice',
  what: 'A web process that neither calls `serve` nor listens for SIGTERM.',
  why: 'When it is replaced, requests in flight are cut. `serve` finishes them, and tells the balancer to send no more.',
  mend: "Call `await serve(app)` from banyan in place of app.listen(…), or close the server on SIGTERM: process.on('SIGTERM', () => server.close()).",
  *find({ web }: Facts): Iterable<Found> {
    if (web.some(stopsGently)) return
    for (const source of web) {
      const [listen] = callsOfMethod(source, ['listen'])
      if (listen === undefined) continue
      const what = 'Nothing here finishes requests when the process is told to stop.'
      yield { file: source.path, line: source.lineOf(listen.node), what }
      return
    }
  },
}

const gentle = [
  'close-with-grace',
  'http-graceful-shutdown',
  'stoppable',
  'http-terminator',
  '@godaddy/terminus',
  'node-graceful-shutdown',
  'fastify-graceful-shutdown',
  'lightship',
]

function stopsGently(source: Source): boolean {
  if (source.imports.some((name) => gentle.includes(name))) return true
  if (callsOf(source, ['banyan']).some(({ imported }) => imported.name === 'serve')) return true
  if (callsOfMethod(source, ['enableShutdownHooks']).length > 0) return true
  // The name may stand in a list that is gone through.
  return source
    .all('Literal')
    .some(({ node }: { node: AnyNode }) => node.type === 'Literal' && node.value === 'SIGTERM')
}
