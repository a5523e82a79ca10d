import { useCallback, useEffect, useState } from 'preact/hooks'

type Place = { readonly current: Element | null }

/** A place for `ref`, and how wide what stands there is, in whole pixels; 0 until it is known. */
export const useWidth = (): readonly [((element: Element | null) => void) & Place, number] => {
  const [element, setElement] = useState<Element | null>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    if (element === null) return
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.floor(entry?.contentRect.width ?? 0)),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [element])
  const ref = useCallback((next: Element | null) => setElement(next), [])
  return [Object.assign(ref, { current: element }), width]
}

/** Whether a place is in view or nearly: what nobody sees is not kept up with. */
export const useIsSeen = ({ current }: Place): boolean => {
  const [isSeen, setIsSeen] = useState(false)
  useEffect(() => {
    if (current === null) return
    const observer = new IntersectionObserver(
      ([entry]) => setIsSeen(entry?.isIntersecting ?? false),
      { rootMargin: '200px' },
    )
    observer.observe(current)
    return () => observer.disconnect()
  }, [current])
  return isSeen
}
