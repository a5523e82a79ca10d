import type { IncomingMessage } from 'node:http'

/** What Express 4 and 5 put on a request, and how their routers look from outside. */
type Routed = { readonly route?: Route; readonly app?: ExpressApp }
type Route = { readonly path?: unknown }
type Router = { readonly stack?: unknown }
type ExpressApp = { path?(): string; readonly _router?: Router; readonly router?: Router }
type Layer = {
  readonly route?: Route | undefined
  readonly handle?: unknown
  /** Express 5, of lately: what was given. */
  readonly rawPath?: unknown
  /** Express 5: mounted at `/`. */
  readonly slash?: boolean
  /** Express 4: what was made of it. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean }
  readonly keys?: readonly { readonly name: string | number }[]
}

/** A route is where it is for as long as the app is there. */
const templates = new WeakMap<Route, string>()

/**
 * The template of the route that Express chose, with those of the routers around it. `baseUrl` is of no use:
 * it is what the client sent. "" where a router was mounted at something that cannot be told, and for
 * requests without a route.
 */
export function expressRoute(request: IncomingMessage): string {
  const { route, app } = request as Routed
  if (typeof route !== 'object' || route === null) return ''
  const known = templates.get(route)
  if (known !== undefined) return known
  const template = findTemplate(route, app)
  templates.set(route, template)
  return template
}

function findTemplate(route: Route, app: ExpressApp | undefined): string {
  if (app === undefined || app === null) return ''
  const mount = typeof app.path === 'function' ? app.path() : ''
  const found = search(app._router ?? app.router, route, 0)
  return typeof found === 'string' ? joined(mount, found) : ''
}

/** Deeper is no app. */
const depthMax = 10

/** Undefined: it is not there. Null: it is, and somewhere that cannot be told. */
function search(
  router: Router | undefined,
  route: Route,
  depth: number,
): string | null | undefined {
  const { stack } = router ?? {}
  if (!Array.isArray(stack) || depth > depthMax) return undefined
  for (const layer of stack as readonly Layer[]) {
    if (layer.route === route) return textOf(route.path)
    const isRouter = typeof layer.handle === 'function' && 'stack' in layer.handle
    const inner = isRouter ? search(layer.handle as Router, route, depth + 1) : undefined
    if (inner === undefined) continue
    const mount = mountOf(layer)
    return mount === null || inner === null ? null : joined(mount, inner)
  }
  return undefined
}

/** Where a router was mounted, as it was written; null where that cannot be told. */
function mountOf({ rawPath, slash, regexp, keys = [] }: Layer): string | null {
  if (rawPath !== undefined) return textOf(rawPath)
  if (slash === true || regexp?.fast_slash === true) return ''
  return regexp === undefined ? null : written(regexp.source, keys)
}

/** What Express 4 made a regular expression of, in its own words: `^\/users\/(?:([^\/]+?))\/?(?=\/|$)`. */
function written(source: string, keys: NonNullable<Layer['keys']>): string | null {
  let at = 0
  const text = source
    .replace(/^\^/, '')
    .replace('\\/?(?=\\/|$)', '')
    .replaceAll(/\(\?:\(\[\^\\?\/\]\+\?\)\)/g, () => `:${keys[at++]?.name ?? 'key'}`)
    .replaceAll('\\/', '/')
    .replaceAll(/\\([.-])/g, '$1')
  return /^[\w/:.~-]*$/.test(text) ? text : null
}

/** A path may be a regular expression, or a list. */
const textOf = (path: unknown): string =>
  Array.isArray(path) ? path.flat(Infinity).map(String).join('|') : String(path)

const joined = (outer: string, inner: string): string => {
  const base = outer.replace(/\/+$/, '')
  return inner === '/' && base !== '' ? base : `${base}${inner.startsWith('/') ? '' : '/'}${inner}`
}
