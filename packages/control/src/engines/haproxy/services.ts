import type { Backend, GatewayFile } from '@banyan/model'

/** A service as HAProxy knows it: one backend with slots that servers are put into while it runs. */
export type HaproxyService = {
  readonly name: string
  /** Null also where no server has said. */
  readonly health: string | null
  readonly servers: readonly Backend[]
}

/** Every service that a file sends requests to or has servers of. */
export function servicesOf({ routes, backends }: GatewayFile): HaproxyService[] {
  const names = new Set([...routes, ...backends].map(({ service }) => service))
  return [...names].sort().map((name) => {
    const servers = backends.filter(({ service }) => service === name)
    return { name, health: servers[0]?.health ?? null, servers }
  })
}

/** Beyond what is there, servers come without a reload. */
export function slotCount({ servers }: HaproxyService): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, servers.length * 2)))
}

/** Names of slots are unique in all of HAProxy, so that one table says which node is in which. */
export const slotName = (service: string, index: number): string => `${service}:${index + 1}`
