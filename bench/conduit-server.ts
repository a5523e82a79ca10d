import type { AddressInfo } from 'node:net'
import { data, serve } from 'banyan'
import { buildApp } from '../apps/conduit/src/app.ts'
import { bareData, barePool } from './conduit-bare.ts'

// One server of the mix, in a process of its own: `banyan`, or `bare` on nothing but Fastify and pg.
const [kind, url = '', connections = '10'] = process.argv.slice(2)

async function start(): Promise<number> {
  if (kind === 'banyan') return (await serve(buildApp({ data }), { port: 0 })).port
  const app = buildApp({ data: bareData([barePool(url, Number(connections))]) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

const port = await start()
process.send?.({ port })
process.on('disconnect', () => process.exit())
