import type { LogLine, LogQuery } from '@banyan/store/api'
import { followAddress } from '../../store/store.ts'

export type FollowState = 'opening' | 'following' | 'broken'

/** Lines are handed over together: a busy system writes more often than a page has to be drawn. */
const everyMs = 250

const retryMs = 2_000

/**
 * Follows the lines that fit from now on, until it is stopped. A break is said, and tried again; what was missed
 * meanwhile is for `onState('following')` to ask for.
 */
export const follow = (
  asked: LogQuery,
  {
    onLines,
    onState,
  }: {
    readonly onLines: (lines: readonly LogLine[]) => void
    readonly onState: (state: FollowState) => void
  },
): (() => void) => {
  let waiting: LogLine[] = []
  let retry: ReturnType<typeof setTimeout> | undefined
  let source = open()

  function open(): EventSource {
    onState('opening')
    const made = new EventSource(followAddress(asked))
    made.onopen = () => onState('following')
    made.onmessage = ({ data }) => {
      waiting.push(JSON.parse(String(data)) as LogLine)
      // A page that nobody looks at has no frames: it keeps what is newest.
      if (waiting.length > 5_000) waiting = waiting.slice(-1_000)
    }
    made.onerror = () => {
      onState('broken')
      if (made.readyState !== EventSource.CLOSED) return
      clearTimeout(retry)
      retry = setTimeout(() => {
        source = open()
      }, retryMs)
    }
    return made
  }

  const handing = setInterval(() => {
    if (waiting.length === 0) return
    const lines = waiting
    waiting = []
    onLines(lines)
  }, everyMs)

  return () => {
    clearInterval(handing)
    clearTimeout(retry)
    source.close()
  }
}
