import type { Mark } from '@banyan/store/api'
import { useEffect } from 'preact/hooks'
import { live } from '../../live/live.ts'
import { readMarks } from '../../store/store.ts'
import { useKept } from '../../store/use-kept.ts'
import { range } from './feeds.ts'
import type { Window } from './window.ts'

/** What is older changes seldom; what is new is told by an event. */
const everyMs = 5_000

/** An event is in the log a moment later, and in the store one after that. */
const afterEventMs = 1_500

/** What happened in a window; null while that is not known. After an event of control it is asked again soon. */
export const useMarks = (window: Window): readonly Mark[] | null => {
  const [answer, again] = useKept(JSON.stringify(range.value), everyMs, (signal) =>
    readMarks({ from: window.from, to: window.to + everyMs }, signal),
  )
  const last = live.events.value.at(-1)
  useEffect(() => {
    const wait = setTimeout(again, afterEventMs)
    return () => clearTimeout(wait)
  }, [last])
  if (answer.state === 'ready') return answer.value
  return answer.state === 'loading' ? answer.before : null
}
