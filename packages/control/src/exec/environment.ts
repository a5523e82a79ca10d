import type { Service } from '@banyan/model'
import { ownEnvironment, searchPath } from '../engines/process/environment.ts'

export type CommandEnvironment = {
  readonly service: Service
  /** Names the command where a node would be named. */
  readonly id: string
  readonly root: string
  readonly runtimeFile: string
  readonly databaseUrl: string | null
}

/** Said by whoever passes a socket or a channel, to the process that it started and to no other. */
const dropped = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'NODE_CHANNEL_FD']

/**
 * What a command of `exec` gets: the environment of a service, but no place to listen, and nothing
 * about how it runs. `NODE_ENV` is the business of whoever runs tests.
 */
export function commandEnvironment(
  { service, id, root, runtimeFile, databaseUrl }: CommandEnvironment,
  inherited: NodeJS.ProcessEnv,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(inherited)) {
    const ofOthers = dropped.includes(name) || name.startsWith('BANYAN_')
    if (value !== undefined && !ofOthers) environment[name] = value
  }
  const { NODE_ENV: _, ...own } = ownEnvironment({
    service,
    node: id,
    root,
    cache: '',
    listen: null,
    databaseUrl,
  })
  Object.assign(environment, own, { BANYAN_SYSTEM: runtimeFile })
  environment.PATH = searchPath(root, environment.PATH)
  return environment
}
