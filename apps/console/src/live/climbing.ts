import { computed, effect, signal } from '@preact/signals'
import { post } from '../api/ask.ts'
import { climbNow } from './climb-now.ts'
import { live, now } from './live.ts'

/** The climb that goes on, for every view that shows it. */
export const climbing = computed(() =>
  climbNow(live.status.value?.climb ?? null, live.events.value),
)

/** Requests that failed since it began, as the store has counted them; null while that is not known. */
export const failedMeanwhile = signal<number | null>(null)

type Answer = { readonly series: readonly { readonly values: readonly (number | null)[] }[] }

/** Asks for it every two seconds while a climb goes on. */
export function watchFailures(): void {
  let askedAt = 0
  effect(() => {
    const [climb, time] = [climbing.value, now.value]
    if (climb === null || climb.begunAt === null) {
      failedMeanwhile.value = null
      return
    }
    if (time - askedAt < 2_000) return
    askedAt = time
    void askFailures(climb.begunAt, time).then((failed) => {
      if (climbing.peek()?.id === climb.id) failedMeanwhile.value = failed
    })
  })
}

async function askFailures(from: number, to: number): Promise<number | null> {
  const query = {
    metric: 'banyan_entry_requests_total',
    where: { banyan_answer: ['5xx', 'aborted'] },
    fn: 'increase',
    from,
    to: Math.max(to, from + 1_000),
    stepMs: 1_000,
  }
  try {
    const { series } = await post<Answer>('/api/store/query', query)
    const values = series.flatMap(({ values }) => values).filter((value) => value !== null)
    return Math.round(values.reduce((all, value) => all + value, 0))
  } catch {
    return null
  }
}
