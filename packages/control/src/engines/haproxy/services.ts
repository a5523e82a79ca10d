import type { Backend, GatewayFile } from '@banyan/model'

/** A service as HAProxy knows it: one backend with slots that servers are put into while it runs. */
export type HaproxyService = {
  readonly name: string
  readonly servers: readonly Backend[]
  /** Whether it is given whole connections, and not requests. */
  readonly isTcp: boolean
}

/** Every service that a file sends requests to or has servers of. */
export function servicesOf({ routes, backends, tcp = [] }: GatewayFile): HaproxyService[] {
  const ported = new Set(tcp.flatMap(({ service }) => service ?? []))
  const names = new Set([...[...routes, ...backends].map(({ service }) => service), ...ported])
  return [...names].sort().map((name) => {
    const servers = backends.filter(({ service }) => service === name)
    const isTcp = ported.has(name) || servers.some((server) => server.tcp === true)
    return { name, servers, isTcp }
  })
}

/**
 * `2xx` where every server has a path that the config names. Where one has none, an open port may be all
 * that it has to say, and HAProxy takes all servers of a service alike.
 */
export const healthOf = ({ servers }: HaproxyService): '2xx' | 'open' =>
  servers.length > 0 && servers.every(({ health }) => health !== null) ? '2xx' : 'open'

/** Beyond what is there, servers come without a reload. */
export function slotCount({ servers }: HaproxyService): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, servers.length * 2)))
}

/** Names of slots are unique in all of HAProxy, so that one table says which node is in which. */
export const slotName = (service: string, index: number): string => `${service}:${index + 1}`
