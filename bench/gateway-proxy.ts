import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Gateway } from '@banyan/gateway'
import type { GatewayFile } from '@banyan/model'
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { createProxyServer } from 'http-proxy-3'
import { pino } from 'pino'
import { startHaproxy } from './gateway-haproxy.ts'

// One proxy of the comparison, in a process of its own: `banyan`, `haproxy`, `http-proxy-3` or `fastify`. All go
// round robin over the same servers, on connections that are kept, and say who the client is.
const [kind, ...ports] = process.argv.slice(2)
let turn = 0
const next = (): string => `http://127.0.0.1:${ports[turn++ % ports.length]}`

const file: GatewayFile = {
  format: 1,
  version: 1,
  node: 'gateway-1',
  listen: { host: '127.0.0.1', port: 0 },
  token: 'bench',
  drainTimeoutMs: 1_000,
  trustedProxies: [],
  routes: [{ host: null, prefix: '/', service: 'web' }],
  backends: ports.map((port) => ({
    node: `web-${port}`,
    service: 'web',
    host: '127.0.0.1',
    port: Number(port),
    health: null,
    state: 'ready',
  })),
}

async function banyan(): Promise<number> {
  const place = { host: '127.0.0.1', port: 0 }
  const gateway = await Gateway.start({ file, place, logger: pino({ level: 'silent' }) })
  return Number(new URL(gateway.url).port)
}

async function httpProxy3(): Promise<number> {
  // Without an agent it would open a connection for each request.
  const proxy = createProxyServer({ agent: new Agent({ keepAlive: true }), xfwd: true })
  const server = createServer((request, response) => {
    void proxy.web(request, response, { target: next() })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function fastify(): Promise<number> {
  const app = Fastify()
  await app.register(httpProxy, { upstream: '', replyOptions: { getUpstream: next } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

const haproxy = async () => await startHaproxy(file)

const start = { banyan, haproxy, 'http-proxy-3': httpProxy3, fastify }[kind ?? '']
if (start === undefined) throw new Error(`no such proxy: ${kind}`)
const started = await start()
process.send?.(typeof started === 'number' ? { port: started } : started)
process.on('disconnect', () => process.exit())
