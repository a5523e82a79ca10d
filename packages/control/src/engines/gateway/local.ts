import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { withCompileCache } from '../../compile-cache.ts'
import { runtimeFileOf } from '../../drivers/run-file.ts'
import { writeJson } from '../../state/files.ts'
import { nodeDirectory } from '../../state/paths.ts'
import type { NodeDriver } from '../../supervise/driver.ts'
import { type BalancerOptions, balancerDriver } from '../balancer-driver.ts'
import { askGateway, isReady, placeOf, tellGateway } from './client.ts'

const program = fileURLToPath(import.meta.resolve('@banyan/gateway/main'))

/** Keeps one gateway. */
export function gatewayDriver(options: BalancerOptions): NodeDriver {
  const { node, paths } = options
  return balancerDriver(options, {
    program,
    stopSignal: 'SIGTERM',
    prepare: async (file) => {
      await mkdir(nodeDirectory(paths, node.name), { recursive: true })
      await writeJson(runtimeFileOf(paths, node.name), file, 0o600)
      const command = [process.execPath, program]
      return { command, cwd: paths.directory, environment: environment() }
    },
    isReady: async (file) => await isReady(placeOf(file)),
    refresh: async (file) => {
      const place = placeOf(file)
      const status = await askGateway(place)
      if (status !== null && status.version < file.version) await tellGateway(place, file)
    },
  })
}

/** Nothing of the app's environment concerns it. */
function environment(): Record<string, string> {
  const { PATH = '', TZ, NODE_COMPILE_CACHE } = withCompileCache(process.env)
  return {
    PATH,
    NODE_ENV: 'production',
    ...(TZ !== undefined && { TZ }),
    ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }),
  }
}
