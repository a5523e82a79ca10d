import { useEffect, useRef } from 'preact/hooks'
import { AwayNote } from './connection-chip.tsx'
import { Head } from './head.tsx'
import { isLive } from './live/live.ts'
import { Navigation, titles } from './navigation.tsx'
import type { ViewName } from './route.ts'
import { route } from './router.ts'
import { Boundary } from './ui/boundary.tsx'
import { shownViews } from './views.ts'

/** The whole page: where one can go, how the system is, and the view that was asked for. */
export function App() {
  const { view } = route.value
  const main = useRef<HTMLElement>(null)
  const View = shownViews[view]
  useTitle(view, main)
  return (
    <div class={isLive.value ? 'shell' : 'shell is-stale'}>
      <button type="button" class="button skip" onClick={() => main.current?.focus()}>
        Skip to the view
      </button>
      <Navigation />
      <Head />
      <main class="main" ref={main} tabIndex={-1} aria-label={titles[view]}>
        <AwayNote />
        <Boundary key={view}>
          <View />
        </Boundary>
      </main>
    </div>
  )
}

/** Another view begins at its top, and is named in the browser's history. */
function useTitle(view: ViewName, main: { readonly current: HTMLElement | null }) {
  const isFirst = useRef(true)
  useEffect(() => {
    document.title = `${titles[view]} · Banyan`
    if (!isFirst.current) scrollTo(0, 0)
    if (!isFirst.current && document.activeElement === document.body) main.current?.focus()
    isFirst.current = false
  }, [view, main])
}
