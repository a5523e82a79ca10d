/** Where on the page the reader is, as the part of its address behind `#`. */

export const views = ['diagram', 'ladder', 'faults', 'charts', 'logs', 'traces', 'data'] as const

export type ViewName = (typeof views)[number]

export type Route = { readonly view: ViewName; readonly params: URLSearchParams }

/**
 * The place that a hash names; the diagram where it names none.
 *
 * @example parseRoute('#/logs?node=web-1').view // 'logs'
 */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const view = views.find((name) => name === path) ?? 'diagram'
  return { view, params: new URLSearchParams(query) }
}

/**
 * The hash of a place. What is undefined, null or empty is left out.
 *
 * @example hrefOf('logs', { node: 'web-1' }) // '#/logs?node=web-1'
 */
export function hrefOf(
  view: ViewName,
  params: Readonly<Record<string, string | number | null | undefined>> = {},
): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  const text = query.toString()
  return text === '' ? `#/${view}` : `#/${view}?${text}`
}
