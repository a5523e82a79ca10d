import { useCallback, useEffect, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../api/ask.ts'

/** What is known of an answer. While it is asked for anew, the one before it stays, and is not passed off as new. */
export type Answer<Value> =
  | { readonly state: 'loading'; readonly before: Value | null }
  | { readonly state: 'ready'; readonly value: Value }
  | { readonly state: 'failed'; readonly error: ApiError }

/** How often something that is away is asked for again. */
const retryMs = 2_000

/**
 * Asks when `key` changes, and again after a silence; the second value asks at once. What another key asked for is
 * given up, so that a late answer never stands where a newer one belongs.
 *
 * @example
 * const [answer, again] = useAnswer(trace, (signal) => readTrace(trace, signal))
 */
export const useAnswer = <Value>(
  key: string,
  ask: (signal: AbortSignal) => Promise<Value>,
): readonly [Answer<Value>, () => void] => {
  const [answer, setAnswer] = useState<Answer<Value>>({ state: 'loading', before: null })
  const [round, setRound] = useState(0)
  // The key says when the question is another one.
  useEffect(() => {
    const abort = new AbortController()
    let retry: ReturnType<typeof setTimeout> | undefined
    setAnswer((last) => ({ state: 'loading', before: last.state === 'ready' ? last.value : null }))
    ask(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setAnswer({ state: 'ready', value })
      },
      (thrown) => {
        if (abort.signal.aborted) return
        const error = asApiError(thrown)
        setAnswer({ state: 'failed', error })
        if (error.status === 503 || error.status === 0)
          retry = setTimeout(() => setRound((n) => n + 1), retryMs)
      },
    )
    return () => {
      abort.abort()
      clearTimeout(retry)
    }
  }, [key, round])
  return [answer, useCallback(() => setRound((n) => n + 1), [])]
}
