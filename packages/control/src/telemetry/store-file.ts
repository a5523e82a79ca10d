import type { System } from '@banyan/model'
import type { StoreFile } from '@banyan/store'
import type { Context } from '../climb/context.ts'
import { telemetryOf } from './process-telemetry.ts'
import { storeHost } from './store-port.ts'

/** What the store of a system is told; null where its telemetry is off. */
export function storeFileOf(
  { paths, secrets, system }: Pick<Context, 'paths' | 'secrets' | 'system'>,
  port: number,
): StoreFile | null {
  const telemetry = telemetryOf(system)
  if (!telemetry.enabled) return null
  return {
    format: 1,
    directory: paths.store,
    host: storeHost,
    port,
    token: secrets.storeToken,
    targetsFile: paths.targets,
    metricsToken: secrets.metricsToken,
    logs: paths.logs,
    controlLog: paths.controlLog,
    holderLog: paths.holderLog,
    secrets: [...Object.values(secrets), ...passwordOf(system), ...tokenOf(telemetry)],
    telemetry,
  }
}

/** Of whoever is told of alerts. */
const tokenOf = ({ alerts }: ReturnType<typeof telemetryOf>): string[] =>
  alerts?.token == null ? [] : [alerts.token]

/** That of an adopted database is in its URL, as it was written and as it is meant. */
function passwordOf({ data }: System): string[] {
  const written = /^[a-z]+:\/\/[^:@/]*:([^@/]+)@/.exec(data?.url ?? '')?.[1]
  if (written === undefined) return []
  const meant = decode(written)
  return meant === written ? [written] : [written, meant]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
