import type { GatewayRoute } from '@banyan/model'

/** Finds the service that answers a request, or null. */
export type Router = (host: string, path: string) => string | null

/**
 * A route of the request's own host goes before one of every host, then the longest prefix. `/api`
 * answers `/api` and `/api/users`, not `/apis`.
 */
export function routerOf(routes: readonly GatewayRoute[]): Router {
  const ordered = routes
    .map(({ host, prefix, service }) => ({
      host: host?.toLowerCase() ?? null,
      bare: prefix.replace(/\/$/, ''),
      service,
    }))
    .sort(byPrecedence)
  const [only] = ordered
  if (ordered.length === 1 && only?.host === null && only.bare === '') return () => only.service
  return (host, path) => {
    const name = hostNameOf(host)
    const found = ordered.find(
      (route) => (route.host === null || route.host === name) && covers(route.bare, path),
    )
    return found?.service ?? null
  }
}

type Ordered = { readonly host: string | null; readonly bare: string }

const byPrecedence = (a: Ordered, b: Ordered): number =>
  Number(a.host === null) - Number(b.host === null) || b.bare.length - a.bare.length

/** `*` is what `OPTIONS` asks of a server as a whole: it belongs to whoever has the root. */
const covers = (bare: string, path: string): boolean => {
  if (bare === '') return true
  if (!path.startsWith(bare)) return false
  const next = path.charCodeAt(bare.length)
  return path.length === bare.length || next === 0x2f || next === 0x3f
}

const hostNameOf = (host: string): string =>
  host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase()
