import { readSystemFile } from '../data/system-file.ts'

/** What a service may take by default; see `stopTimeoutMs` of a service in the config. */
const serviceDefaultMs = 10_000

/**
 * How long stopping may take in all, by default: nine tenths of what the system grants this service,
 * so that the process ends by itself and is not killed in the middle of its last words.
 */
export function defaultStopTimeoutMs(systemFile: string | undefined): number {
  return Math.round(0.9 * grantedMs(systemFile))
}

function grantedMs(systemFile: string | undefined): number {
  if (systemFile === undefined || systemFile === '') return serviceDefaultMs
  const { system, service } = readSystemFile(systemFile)
  return system.services.find(({ name }) => name === service)?.stopTimeoutMs ?? serviceDefaultMs
}
