import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'

/**
 * The environment for a process of ours, with the folder where Node keeps compiled code. It has to
 * come from outside: from within, the first file is read before anything can be said. Code whose
 * types were stripped once is loaded in a third of the time and half the memory.
 */
export function withCompileCache(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  enableCompileCache()
  const directory = getCompileCacheDir()
  if (directory === undefined) return environment
  // Each process adds the folder of its version of Node by itself.
  return { ...environment, NODE_COMPILE_CACHE: dirname(directory) }
}
