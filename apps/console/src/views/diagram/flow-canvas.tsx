import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { isLive } from '../../live/live.ts'
import { shownTheme } from '../../theme/theme.ts'
import { FlowAnimation } from './flow-animation.ts'
import { flows } from './flows.ts'
import type { FlowPath, Layout } from './layout-types.ts'

type Props = Pick<Layout, 'width' | 'height'> & { readonly paths: readonly FlowPath[] }

/** What moves on the lines, for the eye only: the figures stand beside them. */
export function FlowCanvas({ paths, width, height }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const animation = useRef<FlowAnimation | null>(null)

  useEffect(() => {
    if (canvas.current === null) return
    const made = new FlowAnimation(canvas.current)
    animation.current = made
    const still = matchMedia('(prefers-reduced-motion: reduce)')
    const want = () => made.want(!still.matches && !document.hidden)
    want()
    still.addEventListener('change', want)
    document.addEventListener('visibilitychange', want)
    return () => {
      made.stop()
      still.removeEventListener('change', want)
      document.removeEventListener('visibilitychange', want)
    }
  }, [])

  useEffect(() => {
    animation.current?.draw({ paths, width, height })
    animation.current?.show(flows.peek())
  }, [paths, width, height])

  useSignalEffect(() => {
    const moving = flows.value
    if (isLive.value) animation.current?.show(moving)
    else animation.current?.show(new Map())
  })
  useSignalEffect(() => {
    if (shownTheme.value) animation.current?.recolour()
  })

  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing focuses a canvas without a tab index.
  return <canvas class="flow" ref={canvas} aria-hidden="true" style={{ width, height }} />
}
