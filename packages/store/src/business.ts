import type { BusinessMetric } from '@banyan/model'
import type { BusinessAnswer } from './api/types.ts'
import { dayOf, dayText, nobody } from './logs/events.ts'
import type { Readable } from './sqlite/readable.ts'

/** So many days are answered for each metric, today the last. */
const daysShown = 30

type Day = { readonly day: string; readonly value: number | null }

/** Computes the business metrics of an app from what it recorded. Days are UTC's; the day of `now` is not over. */
export function answerBusiness(
  file: Readable,
  metrics: readonly BusinessMetric[],
  now: number,
): BusinessAnswer {
  const today = dayOf(now)
  return {
    metrics: metrics.map((metric) => {
      const days = file.guarded(() =>
        metric.kind === 'count' ? counts(file, metric, today) : retention(file, metric, today),
      )
      const unit = metric.kind === 'count' ? 'count' : 'ratio'
      return { name: metric.name, value: days.at(-1)?.value ?? null, unit, days }
    }),
  }
}

const nameId = (file: Readable, name: string): number =>
  Number(file.sql('select id from event_names where name = ?').get(name)?.id ?? -1)

/** Of each day, how many there were in the days that end with it. Before the first event of all, nothing is known. */
function counts(
  file: Readable,
  metric: Extract<BusinessMetric, { kind: 'count' }>,
  today: number,
): Day[] {
  const id = nameId(file, metric.event)
  const first = firstDay(file, id)
  if (first === null) return []
  const counted =
    metric.of === 'subjects'
      ? file.sql(
          `select count(distinct subject) as value from events
           where name = ? and day between ? and ? and subject <> ${nobody}`,
        )
      : file.sql(
          // A subject is the thing itself, an order or an article: each process says it once a day.
          `select sum(case when subject = ${nobody} then count else 1 end) as value from events
           where name = ? and day between ? and ?`,
        )
  return span(today - daysShown + 1, today).map((day) => ({
    day: dayText(day),
    value: day < first ? null : Number(counted.get(id, day - metric.days + 1, day)?.value ?? 0),
  }))
}

/** By the day on which subjects began: the part of them that came again `days` later. Only days that are over. */
function retention(
  file: Readable,
  metric: Extract<BusinessMetric, { kind: 'retention' }>,
  today: number,
): Day[] {
  const since = nameId(file, metric.since)
  const event = nameId(file, metric.event)
  const last = today - 1 - metric.days
  const first = firstDay(file, since)
  if (first === null || first > last) return []
  const came = file.sql(
    `select count(*) as began, sum(exists (
       select 1 from events e where e.name = ? and e.day = b.day + ? and e.subject = b.subject)) as again
     from events b where b.name = ? and b.day = ? and b.subject <> ${nobody}`,
  )
  return span(last - daysShown + 1, last).map((day) => {
    const { began, again } = came.get(event, metric.days, since, day) ?? {}
    const all = Number(began ?? 0)
    return { day: dayText(day), value: all === 0 ? null : Number(again ?? 0) / all }
  })
}

function firstDay(file: Readable, name: number): number | null {
  const row = file.sql('select min(day) as day from events where name = ?').get(name)
  return typeof row?.day === 'number' ? row.day : null
}

const span = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
