import { parseRoute, publicServices, type Service, type System, tcpPorts } from '@banyan/model'
import type { Context } from '../climb/context.ts'
import { systemOfRelease } from '../releases/releases.ts'

type Facts = Pick<
  Context,
  'releases' | 'reached' | 'system' | 'release' | 'topology' | 'keepers' | 'entry' | 'draining'
>

/**
 * The services and routes that the entry goes by. While two releases run, a route of both belongs to
 * whom it belonged before, a new one is there as soon as somebody answers it, and one that goes stays
 * until nothing older is left that answers others. So whoever asks is answered by code that knows the
 * question; a route that moves to another service has to be answered by both for one release.
 */
export function entrySystem(context: Facts): System {
  const { releases, system, release } = context
  const before = systemOfRelease(context, releases.live)
  if (before === null || releases.live === release || isShifted(context)) return system
  const owned = new Set(before.services.flatMap(({ routes }) => routes.map(keyOf)))
  const ownedPorts = tcpPorts(before)
  const added = system.services.map((service) => {
    if (!isAnswered(context, service)) return { ...withPort(service, undefined), routes: [] }
    const { routes, tcp = 0 } = service
    const own = { ...service, routes: routes.filter((route) => !owned.has(keyOf(route))) }
    return ownedPorts.includes(tcp) ? withPort(own, undefined) : own
  })
  return { ...system, services: merge(before.services, added) }
}

/** Of a service in both, the newer settings hold, and the routes of both. */
function merge(before: readonly Service[], added: readonly Service[]): Service[] {
  const kept = before.map((service) => {
    const next = added.find(({ name }) => name === service.name)
    if (next === undefined) return service
    const both = { ...next, routes: [...service.routes, ...next.routes] }
    return withPort(both, service.tcp ?? next.tcp)
  })
  const names = before.map(({ name }) => name)
  return [...kept, ...added.filter(({ name }) => !names.includes(name))]
}

/** A service with this public port in place of its own, or without one. */
function withPort({ tcp: _, ...service }: Service, tcp: number | undefined): Service {
  return tcp === undefined ? service : { ...service, tcp }
}

/** `Api.example.com/x` and `api.example.com/x` are one. */
function keyOf(route: string): string {
  const { host, prefix } = parseRoute(route)
  return `${host ?? ''} ${prefix}`
}

/** Every service of the new release is answered by it, and by nothing older. */
function isShifted(context: Facts): boolean {
  const { system, release } = context
  return publicServices(system).every((service) => {
    const found = releasesOf(context, service)
    return found.includes(release) && found.every((name) => name === release)
  })
}

function isAnswered(context: Facts, service: Service): boolean {
  return releasesOf(context, service).includes(context.release)
}

/** The releases that answer for a service now. */
function releasesOf(
  { topology, keepers, entry, draining }: Facts,
  { name }: Service,
): (string | undefined)[] {
  return topology.nodes
    .filter(
      (node) =>
        node.service === name &&
        (node.entry === true || (entry.admitted.includes(node.name) && !draining.has(node.name))) &&
        keepers.get(node.name)?.facts.wanted === true,
    )
    .map((node) => keepers.get(node.name)?.driver.release)
}
