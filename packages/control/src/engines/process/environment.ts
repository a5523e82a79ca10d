import { delimiter, dirname, join } from 'node:path'
import type { Service } from '@banyan/model'

export type ServiceEnvironment = {
  readonly service: Service
  readonly node: string
  /** The folder that the service runs in. */
  readonly root: string
  /** Where Node keeps compiled code between two starts. */
  readonly cache: string
  /** Null for a worker, which listens nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | null
  /** Null for a system without a data tier. */
  readonly databaseUrl: string | null
  /** Whether it runs in `dev`. Default false. */
  readonly development?: boolean
}

/** What a service gets of ours on top of what it inherits. `BANYAN_SYSTEM` is added as the node's mark. */
export function ownEnvironment(options: ServiceEnvironment): Record<string, string> {
  const { service, node, listen, databaseUrl } = options
  return {
    ...service.env,
    ...(listen === null ? {} : { HOST: listen.host, PORT: String(listen.port) }),
    ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
    BANYAN_NODE: node,
    BANYAN_SERVICE: service.name,
  }
}

/** Never inherited: they would say something wrong about the new process. */
const dropped = ['PORT', 'HOST', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'NODE_CHANNEL_FD']

/** The whole environment: inherited, then ours; our Node and the app's own programs first in PATH. */
export function wholeEnvironment(
  options: ServiceEnvironment,
  inherited: NodeJS.ProcessEnv,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(inherited)) {
    const ofOthers = dropped.includes(name) || name.startsWith('BANYAN_')
    if (value !== undefined && !ofOthers) environment[name] = value
  }
  environment.NODE_ENV ??= options.development === true ? 'development' : 'production'
  // A TypeScript app comes back in half the time when its types were stripped before.
  environment.NODE_COMPILE_CACHE ??= options.cache
  Object.assign(environment, ownEnvironment(options))
  environment.PATH = searchPath(options.root, environment.PATH)
  return environment
}

/** Our Node first, then the programs of the app, then whatever was there. */
export function searchPath(root: string, inherited: string | undefined): string {
  const own = [dirname(process.execPath), ...programFolders(root)]
  return [...own, ...(inherited === undefined ? [] : [inherited])].join(delimiter)
}

/** `node_modules/.bin` of the folder and of every one above it, as npm does it. */
function programFolders(root: string): string[] {
  const here = join(root, 'node_modules', '.bin')
  return dirname(root) === root ? [here] : [here, ...programFolders(dirname(root))]
}

/** The command with `node` made ours: the one that runs control. */
export function resolveCommand(words: readonly string[]): readonly string[] {
  const [program, ...rest] = words
  return program === 'node' ? [process.execPath, ...rest] : words
}
