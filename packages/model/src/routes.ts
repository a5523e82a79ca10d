import { type Complaint, type FaultList, join } from './faults.ts'
import type { FieldReader } from './field-reader.ts'
import type { Service } from './system.ts'

/** Reads `routes`: path prefixes, each once and none inside another of the same service. */
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
    const complaint = checkRoute(route) ?? checkOverlap(route, routes)
    if (complaint) fields.faults.add(join(fields.pathOf('routes'), index), route, complaint)
    else routes.push(route)
  }
  return routes
}

const checkRoute = (route: unknown): Complaint | null => {
  const expected = 'a path prefix, for example "/" or "/api"'
  if (typeof route !== 'string') return { expected, mend: "write it as a text: '/'" }
  if (!route.startsWith('/')) return { expected, mend: `write ${JSON.stringify(`/${route}`)}` }
  if (/[?#]/.test(route))
    return { expected, mend: 'leave out the query and the fragment; routes are paths' }
  if (/[*:{}]/.test(route))
    return { expected, mend: 'write the prefix alone; everything below it belongs to the service' }
  if (/[^\x21-\x7e]/.test(route))
    return { expected, mend: 'write it percent-encoded: encodeURI(path)' }
  if (/\/\/|\/\.\.?(\/|$)/.test(route)) return { expected, mend: 'write it without //, /. and /..' }
  return null
}

const checkOverlap = (route: string, before: readonly string[]): Complaint | null => {
  const wider = before.find((other) => covers(other, route))
  if (wider !== undefined) {
    return {
      expected: 'each prefix once',
      mend: `remove it; ${JSON.stringify(wider)} covers it already`,
    }
  }
  const narrower = before.find((other) => covers(route, other))
  if (narrower === undefined) return null
  return {
    expected: 'each prefix once',
    mend: `remove ${JSON.stringify(narrower)}, which it covers`,
  }
}

/** Whether a prefix answers a path: `/api` answers `/api` and `/api/users`, not `/apis`. */
export const covers = (prefix: string, path: string): boolean => {
  const bare = withoutSlash(prefix)
  return path === prefix || withoutSlash(path) === bare || path.startsWith(`${bare}/`)
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '')

/** Says which prefixes two services both claim, and that two services with routes need the gateway. */
export const checkRoutesTogether = (faults: FaultList, services: readonly Service[]): void => {
  const owners = new Map<string, string>()
  for (const { name, routes } of services) {
    for (const route of routes) {
      const owner = owners.get(withoutSlash(route))
      if (owner === undefined) owners.set(withoutSlash(route), name)
      else faults.add(join('services', name), null, sharedRoute(route, owner, name))
    }
  }
  checkOneEntry(faults, services)
}

const sharedRoute = (route: string, owner: string, name: string): Complaint => ({
  found: `the route ${JSON.stringify(route)} of ${owner} once more`,
  expected: 'each prefix in one service',
  mend: `remove it from ${owner} or from ${name}`,
})

/** One service can be the entry itself; to choose between two needs something in front of them. */
const checkOneEntry = (faults: FaultList, services: readonly Service[]): void => {
  const routed = services.filter(({ routes }) => routes.length > 0).map(({ name }) => name)
  if (routed.length < 2) return
  faults.add('services', null, {
    found: `routes in ${routed.join(' and ')}`,
    expected: 'at most one service with routes',
    mend: 'serve all routes from one service; several need the gateway, which comes with the rung balanced',
  })
}
