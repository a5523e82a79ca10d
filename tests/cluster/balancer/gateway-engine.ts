// Gateways for the tests of balancers: in this process, or as the program. Not a test.
import assert from 'node:assert/strict'
import type { GatewayFile } from '@banyan/model'
import { startGateway, startGatewayProcess } from '../gateway-setup.ts'
import type { BalancerEngine, BalancerProgram } from './engine.ts'
import { eventually } from './eventually.ts'

/** In this process, which starts in no time and takes other limits. */
export const gatewayEngine: BalancerEngine = {
  name: 'gateway',
  missing: null,
  differs: () => false,
  start: async (file, limits = {}) => {
    const { gateway, port, ...running } = await startGateway(file, limits)
    return {
      port,
      status: async () => gateway.status,
      tell: async (next) => {
        if (!gateway.apply(next)) throw new Error(`version ${next.version} is too old`)
      },
      stop: () => gateway.stop(),
      ...running,
    }
  },
  run: startProgram,
}

async function startProgram(file: GatewayFile): Promise<BalancerProgram> {
  const running = await startGatewayProcess(file)
  const { port, privatePort, kill, again, ended, status } = running
  await eventually(async () => (await status()).backends.every(({ healthy }) => healthy))
  return {
    get pid() {
      return running.pid
    },
    port,
    isReady: async () => {
      const { ok, headers } = await fetch(`http://127.0.0.1:${privatePort}/-/ready`)
      assert.equal(headers.get('banyan-ready'), String(ok))
      return ok
    },
    kill,
    again,
    ended,
    status,
    tell: async (next) => {
      const { ok } = await running.put(next)
      if (!ok) throw new Error('it did not take the file')
    },
    stop: async () => {
      kill('SIGTERM')
      await ended()
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}
