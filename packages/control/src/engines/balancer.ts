import type { EngineName, GatewayFile, GatewayStatus } from '@banyan/model'
import type { StatePaths } from '../state/paths.ts'
import { askGateway, isReady, placeOf, tellGateway } from './gateway/client.ts'
import { askHaproxy, isHaproxyReady, tellHaproxy } from './haproxy/client.ts'
import { haproxySettings } from './haproxy/local.ts'

/** What stands at the entry, whatever its engine: it is told the same, and says the same of itself. */
export type Balancer = {
  /** What it says of itself; null when it gives no answer. */
  ask(file: GatewayFile): Promise<BalancerStatus | null>
  /** Tells it everything anew; null when it gives no answer, or has something newer. */
  tell(file: GatewayFile): Promise<GatewayStatus | null>
  isReady(file: GatewayFile): Promise<boolean>
}

export type BalancerStatus = GatewayStatus & {
  /** Who counts, where that is not the node's process. */
  readonly pid?: number
}

/** How the balancers of an engine are spoken with. */
export function balancerOf(paths: StatePaths, engine: EngineName): Balancer {
  return engine === 'haproxy' ? haproxyOf(paths) : gateway
}

const gateway: Balancer = {
  ask: async (file) => await askGateway(placeOf(file)),
  tell: async (file) => await tellGateway(placeOf(file), file),
  isReady: async (file) => await isReady(placeOf(file)),
}

function haproxyOf(paths: StatePaths): Balancer {
  return {
    ask: async (file) => await askHaproxy(haproxySettings(paths, file).places),
    tell: async (file) => await tellHaproxy(haproxySettings(paths, file)),
    isReady: async (file) => await isHaproxyReady(file),
  }
}
