import type { GatewayFile } from '@banyan/model'
import { nodeDirectory, type StatePaths } from '../../state/paths.ts'
import type { NodeDriver } from '../../supervise/driver.ts'
import { type BalancerOptions, balancerDriver } from '../balancer-driver.ts'
import { askHaproxy, isHaproxyReady, tellHaproxy, writeHaproxyFiles } from './client.ts'
import { fileNames, haproxyPlaces } from './places.ts'
import { haproxyProgram } from './program.ts'
import type { HaproxySettings } from './settings.ts'
import { workerUser } from './user.ts'

/** Everything that one HAProxy is told, from the file that a gateway would be told. */
export function haproxySettings(paths: StatePaths, file: GatewayFile): HaproxySettings {
  const places = haproxyPlaces(nodeDirectory(paths, file.node))
  return { file, places, user: workerUser(), isPublic: true }
}

/** Keeps one HAProxy: a parent that holds the public socket and reloads, and a worker that serves. */
export function haproxyDriver(options: BalancerOptions): NodeDriver {
  const settings = (file: GatewayFile): HaproxySettings => ({
    ...haproxySettings(options.paths, file),
    isPublic: options.sockets !== null,
  })
  return balancerDriver(options, {
    program: 'haproxy',
    // SIGTERM would cut what is under way.
    stopSignal: 'SIGUSR1',
    prepare: async (file) => {
      const program = await haproxyProgram()
      if (program instanceof Error) throw program
      const told = settings(file)
      await writeHaproxyFiles(told)
      const master = `${told.places.master},mode,600`
      const command = [program.path, '-W', '-S', master, '-f', fileNames.configuration]
      return { command, cwd: told.places.folder, environment: environment() }
    },
    isReady: isHaproxyReady,
    refresh: async (file) => {
      const told = settings(file)
      const status = await askHaproxy(told.places)
      if (status !== null && status.version < file.version) await tellHaproxy(told)
    },
  })
}

/** Nothing of the app's environment concerns it. */
function environment(): Record<string, string> {
  const { PATH = '', TZ } = process.env
  return { PATH, ...(TZ !== undefined && { TZ }) }
}
