import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

/** A view whose files come when it is first looked at, or before that when there is nothing else to do. */
export type LaterView = { readonly View: ComponentType; readonly load: () => Promise<void> }

/**
 * Keeps the files of a view out of what the first view waits for.
 *
 * @example
 * const { View, load } = later(async () => (await import('./views/logs/view.tsx')).LogsView)
 * requestIdleCallback(load)
 */
export function later(ask: () => Promise<ComponentType>): LaterView {
  const loaded = signal<ComponentType | null>(null)
  const failure = signal<Error | null>(null)
  const load = async (): Promise<void> => {
    failure.value = null
    try {
      loaded.value = await ask()
    } catch (error) {
      failure.value = new Error(`${(error as Error).message}. Load the page anew.`)
    }
  }
  function View() {
    useEffect(() => {
      if (loaded.peek() === null) void load()
    }, [])
    if (failure.value !== null) throw failure.value
    const Loaded = loaded.value
    return Loaded === null ? null : <Loaded />
  }
  return { View, load }
}

/** Calls back once the browser has nothing else to do. */
export function whenIdle(act: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(act, { timeout: 5_000 })
  else setTimeout(act, 1_000)
}
