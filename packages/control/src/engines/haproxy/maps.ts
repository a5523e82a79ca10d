import { createHash } from 'node:crypto'
import type { GatewayFile, GatewayRoute } from '@banyan/model'
import { healthOf, servicesOf, slotName } from './services.ts'

/** As HAProxy names its tables: files in the folder that it runs in. */
export const maps = { routes: 'routes.map', hosts: 'hosts.map', facts: 'facts.map' } as const

export type Entries = ReadonlyMap<string, string>

/** Prefixes end in a slash, as what is looked up does, so that `/api` does not answer `/apis`. */
const keyOf = ({ host, prefix }: GatewayRoute): string =>
  `${host?.toLowerCase() ?? ''}${prefix.replace(/\/+$/, '')}/`

/** Routes of every host. */
export function routeEntries({ routes }: GatewayFile): Entries {
  const found = routes.filter(({ host }) => host === null)
  return new Map(found.map((route) => [keyOf(route), route.service]))
}

/** Routes of one host each, which go before those of every host. */
export function hostEntries({ routes }: GatewayFile): Entries {
  const found = routes.filter(({ host }) => host !== null)
  return new Map(found.map((route) => [keyOf(route), route.service]))
}

export const versionKey = 'version'
export const shapeKey = 'shape'
export const trialKey = 'trial'
/** Where a node is, for clients that come back to it; the other way round, a slot names its node. */
export const slotKey = (service: string, node: string): string => `node:${service}/${node}`
/** The path at which a slot is asked whether it is healthy; two releases may have two. */
export const pathKey = (slot: string): string => `${slot}/path`
/** How what a service says to that is taken. */
export const healthKey = (service: string): string => `health:${service}`

/** What HAProxy is to know of itself when it starts: which node is in which slot, and what it was told. */
export function factEntries(file: GatewayFile, shape: string): Entries {
  const services = servicesOf(file)
  return new Map([
    [versionKey, String(file.version)],
    [shapeKey, shape],
    [trialKey, 'off'],
    ...services.map((service) => [healthKey(service.name), healthOf(service)] as const),
    ...services.flatMap(({ name, servers }) =>
      servers.flatMap(({ node, health }, index) => [
        [slotName(name, index), node] as const,
        [slotKey(name, node), slotName(name, index)] as const,
        ...(health === null ? [] : [[pathKey(slotName(name, index)), health] as const]),
      ]),
    ),
  ])
}

export const mapText = (entries: Entries): string =>
  [...entries].map(([key, value]) => `${key} ${value}\n`).join('')

export function readMapText(text: string): Map<string, string> {
  const entries = new Map<string, string>()
  for (const line of text.split('\n')) {
    // Each has the address of its entry in front.
    const [, key, value] = /^0x[0-9a-f]+ (\S+) (.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) entries.set(key, value)
  }
  return entries
}

export const sameEntries = (one: Entries, other: Entries): boolean =>
  one.size === other.size && [...one].every(([key, value]) => other.get(key) === value)

export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
