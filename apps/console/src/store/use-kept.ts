import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { asApiError } from '../api/ask.ts'
import type { Answer } from './use-answer.ts'

/** How often something that is away is asked for again. */
const retryMs = 2_000

/**
 * An answer that is kept up with: asked for again so long after it came, never twice at once, and not while nobody
 * looks at the page. Another key is another question; the second value ends the wait.
 *
 * @example
 * const [tables, again] = useKept('tables', 15_000, readTables)
 */
export const useKept = <Value>(
  key: string,
  everyMs: number,
  ask: (signal: AbortSignal) => Promise<Value>,
): readonly [Answer<Value>, () => void] => {
  const [answer, setAnswer] = useState<Answer<Value>>({ state: 'loading', before: null })
  const latest = useRef(ask)
  latest.current = ask
  const wake = useRef<() => void>(() => {})
  useEffect(() => {
    const abort = new AbortController()
    setAnswer((last) => ({ state: 'loading', before: last.state === 'ready' ? last.value : null }))
    const keep = async (): Promise<void> => {
      while (!abort.signal.aborted) {
        const next = await answerOf(latest.current, abort.signal)
        if (abort.signal.aborted) return
        setAnswer(next)
        await pause(next.state === 'failed' ? Math.min(retryMs, everyMs) : everyMs, wake)
        await seen()
      }
    }
    void keep()
    return () => {
      abort.abort()
      wake.current()
    }
  }, [key, everyMs])
  return [answer, useCallback(() => wake.current(), [])]
}

const answerOf = async <Value>(
  ask: (signal: AbortSignal) => Promise<Value>,
  signal: AbortSignal,
): Promise<Answer<Value>> => {
  try {
    return { state: 'ready', value: await ask(signal) }
  } catch (thrown) {
    return { state: 'failed', error: asApiError(thrown) }
  }
}

/** Waits, unless it is woken. */
const pause = (ms: number, wake: { current: () => void }): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake.current = () => {
      clearTimeout(timer)
      resolve()
    }
  })

const seen = (): Promise<void> =>
  new Promise((resolve) => {
    if (!document.hidden) return resolve()
    document.addEventListener('visibilitychange', () => resolve(), { once: true })
  })
