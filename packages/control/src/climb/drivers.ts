import { type EngineName, joinPlace, type Node, type Service } from '@banyan/model'
import { type PublicSockets, readRunFile } from '../drivers/run-file.ts'
import { adoptedDriver } from '../engines/adopted/local.ts'
import { targetOf } from '../engines/adopted/target.ts'
import { alertmanagerDriver } from '../engines/alertmanager/local.ts'
import { gatewayDriver } from '../engines/gateway/local.ts'
import { haproxyDriver } from '../engines/haproxy/local.ts'
import type { ObserverOptions } from '../engines/observer/driver.ts'
import { databaseDriver } from '../engines/postgres/local.ts'
import { serviceDriver } from '../engines/process/local.ts'
import { prometheusDriver } from '../engines/prometheus/local.ts'
import { gatewayFileOf } from '../entry/gateways.ts'
import { systemOfRelease } from '../releases/releases.ts'
import { localSite } from '../sites/local.ts'
import type { NodeDriver } from '../supervise/driver.ts'
import { telemetryOf } from '../telemetry/process-telemetry.ts'
import { addressOf, type Context, runtimeOf } from './context.ts'

/** The driver of a node, by its engine; of a service, for the release that it is to run. */
export function driverOf(
  context: Context,
  node: Node,
  release: string = context.release,
): NodeDriver {
  if (node.adopted) return adoptedDriver(node, targetOf(context.system), context.paths)
  return makers[node.engine](context, node, release)
}

/** The same for a node that may run already: it stays what it is. */
export async function driverAsFound(context: Context, node: Node): Promise<NodeDriver> {
  if (node.service === undefined) return driverOf(context, node)
  const release = (await readRunFile(context.paths, node.name))?.release ?? null
  // What runs from a snapshot that is damaged cannot be started again: it is run as what is live.
  const found = release === null ? null : await context.releases.load(release).catch(() => null)
  return driverOf(context, node, found?.name ?? context.release)
}

const makers: Readonly<
  Record<EngineName, (context: Context, node: Node, release: string) => NodeDriver>
> = {
  process: serviceOf,
  postgres: databaseOf,
  gateway: gatewayOf,
  haproxy: haproxyOf,
  prometheus: prometheusOf,
  alertmanager: alertmanagerOf,
}

function databaseOf(context: Context, node: Node): NodeDriver {
  const { topology, paths, binaries, secrets } = context
  const host = topology.hosts.find(({ name }) => name === node.host)
  if (host === undefined || binaries === null) throw new Error(`${node.name} has no place to run`)
  const { replicatorPassword } = secrets
  const role = () => context.members?.roleOf(node.name) ?? null
  return databaseDriver({ node, host, paths, binaries, role, replicatorPassword })
}

function gatewayOf(context: Context, node: Node): NodeDriver {
  const { paths } = context
  const file = () => gatewayFileOf(context, node.name)
  return gatewayDriver({ node, paths, site: localSite, sockets: socketsOf(context), file })
}

function haproxyOf(context: Context, node: Node): NodeDriver {
  const { paths } = context
  const file = () => gatewayFileOf(context, node.name)
  return haproxyDriver({ node, paths, site: localSite, sockets: socketsOf(context), file })
}

function prometheusOf(context: Context, node: Node): NodeDriver {
  return prometheusDriver({
    ...observerOf(context, node),
    settings: () => ({
      alertmanager: placeOf(context, 'alertmanager-1'),
      system: context.system.name,
    }),
    token: () => context.secrets.metricsToken,
  })
}

function alertmanagerOf(context: Context, node: Node): NodeDriver {
  const settings = () => telemetryOf(context.system).alerts ?? { webhook: null, token: null }
  return alertmanagerDriver({ ...observerOf(context, node), settings })
}

function observerOf(context: Context, node: Node): ObserverOptions {
  const address = () => addressOf(context.topology, node.host)
  return { node, paths: context.paths, site: localSite, address }
}

/** Where a node listens; before it is there, where it is to. */
function placeOf({ topology, desired }: Context, name: string): string {
  const [found = null] = [topology, desired].flatMap(({ nodes, hosts }) =>
    nodes
      .filter((node) => node.name === name)
      .map(({ host, port }) => joinPlace(addressOf({ ...topology, hosts }, host), port)),
  )
  if (found === null) throw new Error(`there is no node ${name}`)
  return found
}

/** All that there are, for a balancer. */
function socketsOf({ publicFds, settings }: Context): PublicSockets | null {
  if (publicFds.length === 0) return null
  const { host, port, tcp = [] } = settings
  return { fds: publicFds, place: [joinPlace(host, port), ...tcp].join(',') }
}

/** That of HTTP alone, for a process that is the entry itself. */
function httpSocketOf({ publicFds, settings }: Context): PublicSockets | null {
  const [fd] = publicFds
  if (fd === undefined) return null
  return { fds: [fd], place: joinPlace(settings.host, settings.port) }
}

function serviceOf(context: Context, node: Node, release: string): NodeDriver {
  const { paths, settings, topology } = context
  const system = () => systemOfRelease(context, release) ?? context.system
  const { root, services } = system()
  const service = services.find(({ name }) => name === node.service) ?? goneService(node)
  return serviceDriver({
    node,
    service,
    root,
    paths,
    site: localSite,
    release,
    development: settings.mode === 'dev',
    listen: node.port === 0 ? null : { host: addressOf(topology, node.host), port: node.port },
    sockets: node.entry ? httpSocketOf(context) : null,
    runtime: () => runtimeOf(context, system(), node.name, service),
  })
}

/** What stands for a service that the config no longer has, while its last process is stopped. */
function goneService(node: Node): Service {
  return {
    name: node.service ?? node.name,
    run: [],
    build: null,
    routes: [],
    health: null,
    env: {},
    startTimeoutMs: 30_000,
    stopTimeoutMs: 10_000,
  }
}
