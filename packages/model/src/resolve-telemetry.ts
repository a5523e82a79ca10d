import { type FaultList, join } from './faults.ts'
import { FieldReader, isRecord } from './field-reader.ts'
import { readAlerts } from './resolve-alerts.ts'
import { readBusiness } from './resolve-business.ts'
import { defaultTelemetry, type TelemetrySystem } from './telemetry.ts'

const keys = ['enabled', 'traces', 'export', 'alerts', 'business']

/** Reads `telemetry`, or gives the defaults. */
export const readTelemetry = (faults: FaultList, value: unknown): TelemetrySystem => {
  if (value === undefined) return defaultTelemetry
  if (!isRecord(value)) {
    faults.add('telemetry', value, {
      expected: 'what is measured and kept',
      mend: 'write telemetry: { traces: { share: 0.01 } }, or leave it out',
    })
    return defaultTelemetry
  }
  faults.checkKeys('telemetry', value, keys)
  const fields = new FieldReader(faults, 'telemetry', value)
  return {
    enabled: readEnabled(fields),
    traces: readTraces(fields),
    export: readExport(fields),
    ...readAlerts(fields),
    business: readBusiness(fields),
  }
}

const readEnabled = (fields: FieldReader): boolean => {
  const value = fields.value('enabled')
  if (value === undefined || typeof value === 'boolean') return value ?? defaultTelemetry.enabled
  fields.fault('enabled', {
    expected: 'true or false',
    mend: 'write enabled: false, or leave it out',
  })
  return defaultTelemetry.enabled
}

const readTraces = (telemetry: FieldReader): TelemetrySystem['traces'] => {
  const value = telemetry.value('traces')
  const usual = defaultTelemetry.traces
  if (value === undefined) return usual
  if (!isRecord(value)) {
    telemetry.fault('traces', {
      expected: 'which traces are kept',
      mend: 'write traces: { share: 0.01, slowMs: 500 }, or leave it out',
    })
    return usual
  }
  const fields = new FieldReader(telemetry.faults, telemetry.pathOf('traces'), value)
  fields.faults.checkKeys(fields.path, value, ['share', 'slowMs'])
  const bounds = { min: 0, max: 3_600_000, unit: 'milliseconds' }
  return { share: readShare(fields), slowMs: fields.integer('slowMs', bounds, usual.slowMs) }
}

const readShare = (fields: FieldReader): number => {
  const value = fields.value('share')
  const usual = defaultTelemetry.traces.share
  if (value === undefined) return usual
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  // A percentage is what somebody most probably meant by a number above 1.
  const meant = typeof value === 'number' && value > 1 && value <= 100 ? value / 100 : usual
  fields.fault('share', {
    expected: 'the part of all traces that is kept, from 0 to 1',
    mend: `write share: ${meant}`,
  })
  return usual
}

/** What is found is never repeated: a URL may have a password in it, and a header a token. */
const readExport = (telemetry: FieldReader): TelemetrySystem['export'] => {
  const value = telemetry.value('export')
  if (value === undefined) return null
  if (!isRecord(value)) {
    telemetry.fault('export', {
      found: Array.isArray(value) ? 'a list' : `a ${typeof value}`,
      expected: 'where everything is sent as well',
      mend: "write export: { url: 'https://otlp.example.org' }, or leave it out",
    })
    return null
  }
  const fields = new FieldReader(telemetry.faults, telemetry.pathOf('export'), value)
  fields.faults.checkKeys(fields.path, value, ['url', 'headers'])
  return { url: readUrl(fields), headers: readHeaders(fields) }
}

const readUrl = (fields: FieldReader): string => {
  const value = fields.value('url')
  const found = urlFault(value)
  if (found === null) return String(value).replace(/\/+$/, '')
  fields.fault('url', {
    found,
    expected: 'the base URL of a receiver of OTLP over HTTP',
    mend: "write url: 'https://otlp.example.org'; what it asks for to let you in belongs into headers",
  })
  return ''
}

const urlFault = (value: unknown): string | null => {
  if (value === undefined) return 'nothing'
  if (typeof value !== 'string' || !URL.canParse(value)) return 'no URL'
  const { protocol, username, password, search, hash, pathname } = new URL(value)
  if (protocol !== 'http:' && protocol !== 'https:') return `a URL of the scheme ${protocol}`
  if (username !== '' || password !== '') return 'a URL with a user in it'
  if (search !== '' || hash !== '') return 'a URL with a query or a fragment'
  if (/\/v1\/(traces|metrics|logs)\/?$/.test(pathname)) return 'the URL of one signal'
  return null
}

/** A token of RFC 9110, and what Node lets into the value of a header. */
const headerName = /^[!#$%&'*+.^_`|~\w-]+$/
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/

const readHeaders = (fields: FieldReader): Readonly<Record<string, string>> => {
  const value = fields.value('headers')
  if (value === undefined) return {}
  const path = fields.pathOf('headers')
  if (!isRecord(value)) {
    fields.fault('headers', {
      found: Array.isArray(value) ? 'a list' : `a ${typeof value}`,
      expected: 'texts by their names',
      mend: "write headers: { authorization: 'Bearer …' }, or leave it out",
    })
    return {}
  }
  for (const [name, text] of Object.entries(value)) {
    const isGood = headerName.test(name) && typeof text === 'string' && headerValue.test(text)
    if (isGood) continue
    fields.faults.add(join(path, name), text, {
      found: typeof text === 'string' ? 'what no header can hold' : `a ${typeof text}`,
      expected: 'the text of a header',
      mend: 'write a text without line breaks; a variable of the environment that is not set gives none',
    })
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name.toLowerCase(), String(text)]),
  )
}
