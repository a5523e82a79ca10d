import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Box } from './layout-types.ts'

const leaveMs = 280

type Timers = Set<ReturnType<typeof setTimeout>>

/** Boxes of nodes that are gone, for as long as they take to fade. */
export function useDeparting(boxes: ReadonlyMap<string, Box>): readonly Box[] {
  const before = useRef(boxes)
  const leaving = useSignal<readonly Box[]>([])
  const timers = useRef<Timers>(new Set())
  useEffect(() => {
    const gone = [...before.current.values()].filter(({ name }) => !boxes.has(name))
    before.current = boxes
    if (gone.length === 0) return
    leaving.value = [...leaving.peek(), ...gone]
    // Boxes that are placed anew meanwhile leave the timer as it is, or who is gone would stay for good.
    const timer = setTimeout(() => {
      timers.current.delete(timer)
      leaving.value = leaving.peek().filter((box) => !gone.includes(box))
    }, leaveMs)
    timers.current.add(timer)
  }, [boxes, leaving])
  useEffect(() => () => timers.current.forEach(clearTimeout), [])
  return leaving.value.filter(({ name }) => !boxes.has(name))
}
