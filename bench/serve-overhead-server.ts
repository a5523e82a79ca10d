import type { AddressInfo } from 'node:net'
import { serve } from 'banyan'
import Fastify from 'fastify'

// One server of the comparison, in a process of its own: `bare`, `quiet` (no line per request) or
// `logging` (a line per request, as by default).
const app = Fastify()
app.get('/', async () => ({ hello: 'world' }))

async function start(kind: string | undefined): Promise<number> {
  if (kind !== 'bare') return (await serve(app, { requestLogs: kind === 'logging' })).port
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

const port = await start(process.argv[2])
process.send?.({ port })
process.on('disconnect', () => process.exit())
