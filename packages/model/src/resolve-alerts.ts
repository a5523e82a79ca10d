import { FieldReader, isRecord } from './field-reader.ts'
import type { TelemetrySystem } from './telemetry.ts'

/** Reads `alerts` of `telemetry`; nothing where nothing is said. */
export const readAlerts = (telemetry: FieldReader): Pick<TelemetrySystem, 'alerts'> => {
  const value = telemetry.value('alerts')
  if (value === undefined) return {}
  if (!isRecord(value)) {
    telemetry.fault('alerts', {
      // What is found is never repeated: the URL of a webhook is a secret as a rule.
      found: Array.isArray(value) ? 'a list' : `a ${typeof value}`,
      expected: 'where alerts are sent',
      mend: "write alerts: { webhook: 'https://alerts.example.org/hook' }, or leave it out",
    })
    return {}
  }
  const fields = new FieldReader(telemetry.faults, telemetry.pathOf('alerts'), value)
  fields.faults.checkKeys(fields.path, value, ['webhook', 'token'])
  return { alerts: { webhook: readWebhook(fields), token: readToken(fields) } }
}

const readWebhook = (fields: FieldReader): string | null => {
  const value = fields.value('webhook')
  if (value === undefined) return null
  const found = webhookFault(value)
  if (found === null) return String(value)
  fields.fault('webhook', {
    found,
    expected: "the URL that alerts are sent to, in the format of Alertmanager's webhooks",
    mend: "write webhook: 'https://alerts.example.org/hook'; what lets you in belongs into token",
  })
  return null
}

/** Alertmanager shows the URL, and writes it into its log when nobody answers there. */
const webhookFault = (value: unknown): string | null => {
  if (typeof value !== 'string') return `a ${typeof value}`
  if (!URL.canParse(value)) return 'no URL'
  const { protocol, username, password, search, hash } = new URL(value)
  if (protocol !== 'http:' && protocol !== 'https:') return `a URL of the scheme ${protocol}`
  if (username !== '' || password !== '') return 'a URL with a user in it'
  return search === '' && hash === '' ? null : 'a URL with a query or a fragment'
}

const readToken = (fields: FieldReader): string | null => {
  const value = fields.value('token')
  if (value === undefined) return null
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value
  fields.fault('token', {
    found: typeof value === 'string' ? 'what no header can hold' : `a ${typeof value}`,
    expected: 'the token that is sent along, as authorization: Bearer',
    mend: 'write a text without spaces, or leave it out',
  })
  return null
}
