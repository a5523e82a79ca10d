import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** How wide an element is, kept up to date; 0 before it is known. */
export function useWidth<Place extends HTMLElement>() {
  const place = useRef<Place>(null)
  const width = useSignal(0)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry?.contentRect.width ?? 0)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [width])
  return { place, width }
}
