import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf } from '../look.ts'

export const broadcastMemory: Rule = {
  id: 'broadcast-memory',
  rungs: ['balanced'],
  severity: 'blocks',
  what: 'Socket.IO without an adapter.',
  why: 'A message to a room reaches only the clients of the same web server, and its long polling needs every request of a client at the same one.',
  mend: "Add an adapter that passes messages on, for example @socket.io/postgres-adapter with Pool from 'banyan/pg', and allow WebSocket only: transports: ['websocket'].",
  *find({ web }: Facts): Iterable<Found> {
    const hasAdapter = web.some(({ imports }) =>
      imports.some((name) =>
        /^(@socket\.io\/.*(adapter|emitter|sticky)|socket\.io-redis)/.test(name),
      ),
    )
    if (hasAdapter) return
    for (const source of web) {
      for (const { node, imported } of callsOf(source, ['socket.io'])) {
        if (imported.name !== 'Server' && imported.name !== 'default') continue
        const what = 'Socket.IO knows only the clients of this process.'
        yield { file: source.path, line: source.lineOf(node), what }
      }
    }
  },
}
