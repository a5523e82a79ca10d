import type { GatewayFile, GatewayPort } from '@banyan/model'
import type { HaproxyLimits } from './limits.ts'
import { maps } from './maps.ts'
import { slotLines } from './service-section.ts'
import type { HaproxyService } from './services.ts'
import { passedTrialFormat } from './trial-line.ts'

/** An idle connection may be one that waits for a message; the system asks whether its other side is there. */
const idleMax = '24h'

/** What holds for connections that are passed on as they are; it stands behind everything of HTTP. */
export function tcpDefaults(limits: HaproxyLimits): string[] {
  const { connectTimeoutMs, halfClosedTimeoutMs, retriesMax } = limits
  return [
    'defaults',
    '  mode tcp',
    '  option redispatch 1',
    '  option splice-auto',
    '  option clitcpka',
    '  option srvtcpka',
    `  retries ${retriesMax + 1}`,
    `  timeout connect ${connectTimeoutMs}ms`,
    `  timeout client ${idleMax}`,
    `  timeout server ${idleMax}`,
    `  timeout tunnel ${idleMax}`,
    `  timeout client-fin ${halfClosedTimeoutMs}ms`,
    `  timeout server-fin ${halfClosedTimeoutMs}ms`,
  ]
}

/** A public port besides that of HTTP. One that no service has any more ends connections at once. */
export function portSection({ port, fd, service }: GatewayPort, limits: HaproxyLimits): string[] {
  return [
    `frontend banyan:tcp-${port}`,
    `  bind fd@${fd}`,
    ...(service === null
      ? ['  tcp-request connection reject']
      : [...trialLines, ...waitLines(service, limits), `  default_backend ${service}`]),
  ]
}

/** One line per connection while a release is tried, as of a request: what it took to open it, and whether it was taken. */
const trialLines = [
  `  tcp-request content set-log-level silent unless { str(trial),map_str(${maps.facts},off) -m str on }`,
  '  log ring@trial format raw local0',
  // Said when it is open, not when it ends: that may be tomorrow.
  '  option logasap',
  `  log-format "${passedTrialFormat(`%[srv_name,map_str(${maps.facts},-)]`)}"`,
]

function waitLines(service: string, { waitMs, waitingMax }: HaproxyLimits): string[] {
  if (waitMs <= 0) return []
  const isEmpty = `{ nbsrv(${service}) eq 0 } !{ stopping }`
  return [
    `  tcp-request content set-var(txn.service) str(${service})`,
    `  tcp-request content set-var(txn.wait) int(${waitMs}) if ${isEmpty}`,
    `  tcp-request content set-var(txn.waiting_max) int(${waitingMax}) if ${isEmpty}`,
    '  tcp-request content lua.wait_for_server if { var(txn.wait) -m found }',
  ]
}

/** One service that is given whole connections: its slots, each asked whether it takes one. */
export function tcpServiceSection(
  file: GatewayFile,
  service: HaproxyService,
  limits: HaproxyLimits,
): string[] {
  return [
    `backend ${service.name}`,
    `  timeout check ${limits.checkTimeoutMs}ms`,
    ...slotLines(file, service, limits),
  ]
}
