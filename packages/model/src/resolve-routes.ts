import { type Complaint, type FaultList, join } from './faults.ts'
import type { FieldReader } from './field-reader.ts'
import { covers, isSameRoute, parseRoute, type Route, withoutSlash } from './routes.ts'
import type { Service } from './system.ts'

const expected =
  'a path prefix, for example "/" or "/api", or a host name with one: "api.example.com/"'

/** Reads `routes`: path prefixes, with or without a host name before them. */
export const readRoutes = (fields: FieldReader): readonly string[] => {
  const value = fields.value('routes')
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    const mend =
      typeof value === 'string' ? `write routes: [${JSON.stringify(value)}]` : "write routes: ['/']"
    fields.fault('routes', { expected: 'a list of path prefixes', mend })
    return []
  }
  const routes: string[] = []
  for (const [index, route] of value.entries()) {
    const complaint = checkRoute(route)
    if (complaint) fields.faults.add(join(fields.pathOf('routes'), index), route, complaint)
    // A wrong one keeps its place until the whole config is refused, so that others are named by theirs.
    routes.push(complaint ? '' : route)
  }
  return routes
}

const checkRoute = (route: unknown): Complaint | null => {
  if (typeof route !== 'string') return { expected, mend: "write it as a text: '/'" }
  if (!route.startsWith('/')) {
    const complaint = checkHost(route)
    if (complaint) return complaint
  }
  const { prefix } = parseRoute(route)
  if (/[?#]/.test(prefix))
    return { expected, mend: 'leave out the query and the fragment; routes are paths' }
  if (/[*:{}]/.test(prefix))
    return { expected, mend: 'write the prefix alone; everything below it belongs to the service' }
  if (/[^\x21-\x7e]/.test(prefix))
    return { expected, mend: 'write it percent-encoded: encodeURI(path)' }
  if (/\/\/|\/\.\.?(\/|$)/.test(prefix))
    return { expected, mend: 'write it without //, /. and /..' }
  return null
}

/** What stands before the first slash is a host name when it looks like one: with a dot, or `localhost`. */
const checkHost = (route: string): Complaint | null => {
  const [host = ''] = route.split('/')
  if (/^[a-z]+:$/i.test(host) || /:\d*$/.test(host)) {
    return { expected, mend: 'write the host name alone, without scheme and port' }
  }
  if (host.includes('*')) return { expected, mend: 'write each host name as a route of its own' }
  if (!host.includes('.') && !/^localhost$/i.test(host)) {
    return { expected, mend: `write ${JSON.stringify(`/${route}`)}` }
  }
  if (/[^\x21-\x7e]/.test(host)) return { expected, mend: 'write the host name in its xn-- form' }
  if (!isHostName(host)) return { expected, mend: 'begin it with / or with a host name' }
  if (!route.includes('/')) return { expected, mend: `write ${JSON.stringify(`${route}/`)}` }
  return null
}

const isHostName = (host: string): boolean =>
  host.length <= 253 &&
  host.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))

type OwnedRoute = Route & {
  readonly text: string
  readonly service: string
  /** Where it stands in the config. */
  readonly index: number
}

/** Says which routes are claimed twice, and which say nothing beside a wider one of the same service. */
export const checkRoutesTogether = (faults: FaultList, services: readonly Service[]): void => {
  const written = services.flatMap(({ name, routes }) =>
    routes.map((text, index) => ({ ...parseRoute(text), text, service: name, index })),
  )
  const all = written.filter(({ text }) => text !== '')
  for (const [index, route] of all.entries()) {
    const complaint = complaintOf(route, all.slice(0, index), all)
    if (!complaint) continue
    const { service, text } = route
    faults.add(join(join(join('services', service), 'routes'), route.index), text, complaint)
  }
}

const complaintOf = (
  route: OwnedRoute,
  before: readonly OwnedRoute[],
  all: readonly OwnedRoute[],
): Complaint | null => {
  const same = before.find((other) => isSameRoute(other, route))
  if (same) return claimedTwice(route, same)
  const own = before.filter(({ service }) => service === route.service)
  const wider = own.find((other) => isIdle(route, other, all))
  if (wider) {
    const mend = `remove it; ${JSON.stringify(wider.text)} covers it already`
    return { expected: 'each prefix once', mend }
  }
  const narrower = own.find((other) => isIdle(other, route, all))
  if (!narrower) return null
  const mend = `remove ${JSON.stringify(narrower.text)}, which it covers`
  return { expected: 'each prefix once', mend }
}

const claimedTwice = ({ service }: OwnedRoute, same: OwnedRoute): Complaint => {
  if (same.service === service) {
    const mend = `remove it; ${JSON.stringify(same.text)} covers it already`
    return { expected: 'each prefix once', mend }
  }
  return {
    expected: 'each prefix in one service',
    mend: `remove it from ${same.service} or from ${service}`,
  }
}

/** A route says nothing beside a wider one, unless another service has what lies between the two. */
const isIdle = (narrow: OwnedRoute, wide: OwnedRoute, all: readonly OwnedRoute[]): boolean =>
  isInside(narrow, wide) &&
  !all.some(
    (other) => other.service !== narrow.service && isInside(narrow, other) && isInside(other, wide),
  )

const isInside = (narrow: Route, wide: Route): boolean =>
  narrow.host === wide.host &&
  withoutSlash(narrow.prefix) !== withoutSlash(wide.prefix) &&
  covers(wide.prefix, narrow.prefix)
