import { type Backend, defaultWeight, type GatewayFile } from '@banyan/model'
import type { Inspection, Slot } from './inspect.ts'
import { numberOf } from './inspect.ts'
import {
  type Entries,
  healthKey,
  hostEntries,
  maps,
  pathKey,
  routeEntries,
  sameEntries,
  shapeKey,
  slotKey,
  trialKey,
  versionKey,
} from './maps.ts'
import { argument } from './runtime.ts'
import { type HaproxyService, healthOf, servicesOf } from './services.ts'

/** What brings a running HAProxy to what a file says. */
export type Changes = 'reload' | { readonly commands: readonly string[] }

/**
 * Servers come, go, drain and change their weights while it runs, and routes lead elsewhere. Another
 * set of services, or anything about how it works, takes a reload.
 */
export function changesTo(file: GatewayFile, shape: string, found: Inspection): Changes {
  if (found.facts.get(shapeKey) !== shape) return 'reload'
  const services = servicesOf(file)
  if (!services.every((service) => hasRoom(service, found))) return 'reload'
  const staying = new Set(file.backends.map(({ node }) => node))
  return {
    commands: [
      // Out before in: a node that moved to another service is never in two slots.
      ...found.slots.flatMap((slot) => leave(slot, found.facts, staying)),
      ...services.flatMap((service) => place(service, found)),
      ...swap(maps.routes, found.routes, routeEntries(file)),
      ...swap(maps.hosts, found.hosts, hostEntries(file)),
      // A control that was killed left it on. One that tries a release now turns it on again.
      ...(found.facts.get(trialKey) === 'on' ? [`set map ${maps.facts} ${trialKey} off`] : []),
      ...setFact(found.facts, versionKey, String(file.version)),
    ],
  }
}

function hasRoom(service: HaproxyService, { slots, facts }: Inspection): boolean {
  const { name, servers } = service
  const own = slots.filter(({ service }) => service === name)
  const knownHealth = facts.get(healthKey(name))
  const sameHealth = servers.length === 0 || knownHealth === healthOf(service)
  return own.length >= Math.max(1, servers.length) && sameHealth
}

function leave(
  { service, name, isOut }: Slot,
  facts: Entries,
  staying: ReadonlySet<string>,
): string[] {
  const node = facts.get(name)
  if (node === undefined || staying.has(node)) return []
  return [
    ...(isOut ? [] : [`set server ${service}/${name} state maint`]),
    `del map ${maps.facts} ${name}`,
    `del map ${maps.facts} ${slotKey(service, node)}`,
    ...setPath(facts, name, null),
  ]
}

function place({ name, servers }: HaproxyService, { slots, facts }: Inspection): string[] {
  const own = slots.filter(({ service }) => service === name)
  const nodes = new Set(servers.map(({ node }) => node))
  // One that still answers what it had is taken last.
  const free = own
    .filter((slot) => !nodes.has(facts.get(slot.name) ?? ''))
    .sort((a, b) => numberOf(a.row, 'scur') - numberOf(b.row, 'scur'))
  return servers.flatMap((server) => {
    const slot = own.find((candidate) => facts.get(candidate.name) === server.node)
    if (slot !== undefined) {
      return [...setPath(facts, slot.name, server.health), ...adjust(slot, server)]
    }
    const taken = free.shift()
    return taken === undefined
      ? []
      : [
          ...setFact(new Map(), taken.name, server.node),
          ...setFact(new Map(), slotKey(name, server.node), taken.name),
          ...setPath(new Map(), taken.name, server.health),
          ...fill(taken, server),
        ]
  })
}

const placeOf = ({ host, port }: Backend): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

function adjust(slot: Slot, server: Backend): string[] {
  if (slot.place !== placeOf(server)) return fill(slot, server)
  const path = `${slot.service}/${slot.name}`
  const { weight = defaultWeight, state } = server
  const isOut = state === 'drain'
  return [
    ...(slot.weight === weight ? [] : [`set server ${path} weight ${weight}`]),
    ...(slot.isOut === isOut ? [] : [`set server ${path} state ${isOut ? 'maint' : 'ready'}`]),
  ]
}

/** A server that is new here gets requests with its first good check, not before. */
function fill(slot: Slot, server: Backend): string[] {
  const path = `${slot.service}/${slot.name}`
  const { host, port, weight = defaultWeight, state } = server
  return [
    `set server ${path} state maint`,
    `set server ${path} addr ${host} port ${port}`,
    `set server ${path} weight ${weight}`,
    ...(state === 'drain'
      ? []
      : [`set server ${path} state ready`, `set server ${path} health down`]),
  ]
}

function setFact(facts: Entries, key: string, value: string): string[] {
  const known = facts.get(key)
  if (known === value) return []
  return [`${known === undefined ? 'add' : 'set'} map ${maps.facts} ${key} ${argument(value)}`]
}

function setPath(facts: Entries, slot: string, path: string | null): string[] {
  const key = pathKey(slot)
  if (path !== null) return setFact(facts, key, path)
  return facts.has(key) ? [`del map ${maps.facts} ${key}`] : []
}

/** What is changed comes before what goes, so that no path is without a service in between. */
function swap(map: string, found: Entries, wanted: Entries): string[] {
  if (sameEntries(found, wanted)) return []
  const changed = [...wanted].filter(([key, value]) => found.get(key) !== value)
  const gone = [...found.keys()].filter((key) => !wanted.has(key))
  return [
    ...changed.map(
      ([key, value]) => `${found.has(key) ? 'set' : 'add'} map ${map} ${argument(key)} ${value}`,
    ),
    ...gone.map((key) => `del map ${map} ${argument(key)}`),
  ]
}
