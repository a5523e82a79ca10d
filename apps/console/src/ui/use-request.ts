import { type Signal, useSignal } from '@preact/signals'
import { type ApiError, asApiError } from '../api/ask.ts'

export type Request<Answer> = {
  readonly isBusy: Signal<boolean>
  readonly error: Signal<ApiError | null>
  readonly answer: Signal<Answer | null>
  /** Asks; what was answered or refused before is gone. True where it was answered. */
  readonly run: (ask: () => Promise<Answer>) => Promise<boolean>
  readonly clear: () => void
}

/** One thing that is asked of the server now and then, with what came of it. */
export function useRequest<Answer>(): Request<Answer> {
  const isBusy = useSignal(false)
  const error = useSignal<ApiError | null>(null)
  const answer = useSignal<Answer | null>(null)
  const clear = () => {
    error.value = null
    answer.value = null
  }
  const run = async (ask: () => Promise<Answer>): Promise<boolean> => {
    isBusy.value = true
    error.value = null
    try {
      answer.value = await ask()
      return true
    } catch (thrown) {
      error.value = asApiError(thrown)
      return false
    } finally {
      isBusy.value = false
    }
  }
  return { isBusy, error, answer, run, clear }
}
