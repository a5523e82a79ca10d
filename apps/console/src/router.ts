import { signal } from '@preact/signals'
import { hrefOf, parseRoute, type Route, type ViewName } from './route.ts'

/** Where the reader is. */
export const route = signal<Route>(parseRoute(location.hash))

addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash)
})

/** Goes to a place; `replace` leaves no entry in the browser's history, as is right for filters. */
export function go(
  view: ViewName,
  params: Readonly<Record<string, string | number | null | undefined>> = {},
  { replace = false }: { readonly replace?: boolean } = {},
): void {
  const href = hrefOf(view, params)
  if (!replace) {
    location.hash = href
    return
  }
  history.replaceState(null, '', href)
  route.value = parseRoute(href)
}
