import type { GatewayRoute } from './gateway-file.ts'
import type { System } from './system.ts'

/** A route as it is meant: requests for this path prefix, of one host name or of all (null). */
export type Route = { readonly host: string | null; readonly prefix: string }

/**
 * Reads a route as a config writes it: a path prefix, or a host name with one. Host names are in small
 * letters, as they are the same in any.
 *
 * @example parseRoute('Api.example.com/v1') // { host: 'api.example.com', prefix: '/v1' }
 */
export const parseRoute = (route: string): Route => {
  const slash = route.indexOf('/')
  if (slash <= 0) return { host: null, prefix: route }
  return { host: route.slice(0, slash).toLowerCase(), prefix: route.slice(slash) }
}

/** Whether a prefix answers a path: `/api` answers `/api` and `/api/users`, not `/apis`. */
export const covers = (prefix: string, path: string): boolean => {
  const bare = withoutSlash(prefix)
  return path === prefix || withoutSlash(path) === bare || path.startsWith(`${bare}/`)
}

export const withoutSlash = (path: string): string => path.replace(/\/$/, '')

/** Whether two routes are for the same requests. */
export const isSameRoute = (a: Route, b: Route): boolean =>
  a.host === b.host && withoutSlash(a.prefix) === withoutSlash(b.prefix)

/**
 * The routes of all services in the order in which they are tried: the first one that fits has the
 * request. Those of one host name come before those of every host, and longer prefixes before shorter ones.
 *
 * @example gatewayRoutes(system).find(({ host, prefix }) => (host ?? name) === name && covers(prefix, path))
 */
export const gatewayRoutes = ({ services }: Pick<System, 'services'>): readonly GatewayRoute[] =>
  services
    .flatMap(({ name, routes }) => routes.map((route) => ({ ...parseRoute(route), service: name })))
    .sort(byPrecedence)

const byPrecedence = (a: Route, b: Route): number =>
  Number(a.host === null) - Number(b.host === null) ||
  b.prefix.length - a.prefix.length ||
  compare(a.host ?? '', b.host ?? '') ||
  compare(a.prefix, b.prefix)

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
