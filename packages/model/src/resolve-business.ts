import { FieldReader, isRecord } from './field-reader.ts'
import { nearestName } from './nearest-name.ts'
import type { BusinessMetric } from './telemetry.ts'

/** Each is computed anew again and again, and each is a line of a chart. */
const metricsMax = 100
const daysMax = 366

/** Names of events: what `record` takes. */
const eventName = /^[a-z0-9._-]{1,80}$/
const metricName = /^[\p{L}\p{N}][\p{L}\p{N} ._%-]{0,79}$/u

const countKeys = ['event', 'count', 'days']
const retentionKeys = ['event', 'since', 'retention']

/** Reads `telemetry.business`. */
export const readBusiness = (telemetry: FieldReader): readonly BusinessMetric[] => {
  const value = telemetry.value('business')
  if (value === undefined) return []
  if (!isRecord(value)) {
    telemetry.fault('business', {
      expected: 'metrics by their names',
      mend: "write business: { 'orders a day': { event: 'order.placed', count: 'events', days: 1 } }",
    })
    return []
  }
  const entries = Object.entries(value)
  if (entries.length > metricsMax) {
    telemetry.fault('business', {
      found: `${entries.length} metrics`,
      expected: `at most ${metricsMax} metrics`,
      mend: 'leave out those that nobody looks at',
    })
  }
  const fields = new FieldReader(telemetry.faults, telemetry.pathOf('business'), value)
  return entries.flatMap(([name, metric]) => readMetric(fields, name, metric) ?? [])
}

const readMetric = (business: FieldReader, name: string, value: unknown): BusinessMetric | null => {
  if (!metricName.test(name)) {
    business.fault(name, {
      found: `the name ${JSON.stringify(name)}`,
      expected: 'letters, digits, spaces and . _ % -, beginning with a letter or digit, at most 80',
      mend: "name it, for example 'daily active users'",
    })
  }
  if (!isRecord(value)) {
    business.fault(name, {
      expected: 'how it is computed from events',
      mend: "write { event: 'user.active', count: 'subjects', days: 1 }",
    })
    return null
  }
  const fields = new FieldReader(business.faults, business.pathOf(name), value)
  const isRetention = value.retention !== undefined || value.since !== undefined
  fields.faults.checkKeys(fields.path, value, isRetention ? retentionKeys : countKeys)
  return isRetention ? readRetention(fields, name) : readCount(fields, name)
}

const readCount = (fields: FieldReader, name: string): BusinessMetric => ({
  name,
  kind: 'count',
  event: readEvent(fields, 'event'),
  of: readOf(fields),
  days: readDays(fields, 'days'),
})

const readRetention = (fields: FieldReader, name: string): BusinessMetric => ({
  name,
  kind: 'retention',
  event: readEvent(fields, 'event'),
  since: readEvent(fields, 'since'),
  days: readDays(fields, 'retention'),
})

const readEvent = (fields: FieldReader, key: 'event' | 'since'): string => {
  const value = fields.value(key)
  if (typeof value === 'string' && eventName.test(value)) return value
  fields.fault(key, {
    expected: 'the name of an event: small letters, digits and . _ -, at most 80',
    mend: `write what the app records: ${key}: '${key === 'since' ? 'user.registered' : 'user.active'}'`,
  })
  return ''
}

const counted = ['subjects', 'events'] as const

const readOf = (fields: FieldReader): (typeof counted)[number] => {
  const value = fields.value('count')
  const known = counted.find((one) => one === value)
  if (known !== undefined) return known
  const near = typeof value === 'string' ? nearestName(value, counted) : null
  fields.fault('count', {
    expected: `one of ${counted.join(', ')}`,
    mend: near ? `did you mean ${near}?` : "write count: 'events'",
  })
  return 'events'
}

/** There is none that one could guess: how far back is what makes the metric. */
const readDays = (fields: FieldReader, key: 'days' | 'retention'): number => {
  const bounds = { min: 1, max: daysMax, unit: 'days' }
  if (fields.value(key) !== undefined) return fields.integer(key, bounds, 1)
  fields.fault(key, {
    expected: `a whole number of days from 1 to ${daysMax}`,
    mend: `write ${key}: 7`,
  })
  return 1
}
