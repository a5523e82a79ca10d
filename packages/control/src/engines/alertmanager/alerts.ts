import type { AlertStatus } from '../../api/types.ts'
import { request } from '../../node-http.ts'

const timeoutMs = 1_000
/** More than a person reads, and more than a small answer holds. */
const alertsMax = 100
const bytesMax = 4 * 1_048_576

/** The alerts that hold now, the oldest first; null where Alertmanager gives no answer. Silenced ones are left out. */
export async function askAlerts(place: {
  readonly host: string
  readonly port: number
}): Promise<readonly AlertStatus[] | null> {
  const text = await get(place, '/api/v2/alerts?active=true&silenced=false&inhibited=false')
  try {
    const found: unknown = text === null ? null : JSON.parse(text)
    return Array.isArray(found) ? alertsIn(found) : null
  } catch {
    return null
  }
}

type Told = {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly startsAt?: string
}

/** What Alertmanager tells, in the words of control. */
export function alertsIn(told: readonly Told[]): readonly AlertStatus[] {
  return told
    .map(({ labels = {}, annotations = {}, startsAt = '' }) => ({
      name: labels.alertname ?? '',
      severity: labels.severity === 'page' ? ('page' as const) : ('ticket' as const),
      since: startsAt,
      sentence: annotations.summary ?? `${labels.alertname ?? 'Something'} holds.`,
    }))
    .sort((a, b) => a.since.localeCompare(b.since))
    .slice(0, alertsMax)
}

async function get(
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
): Promise<string | null> {
  return await new Promise((resolve) => {
    const options = { host, port, path, agent: false, timeout: timeoutMs }
    const asked = request(options, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (piece) => {
        answer += piece
        if (answer.length > bytesMax) asked.destroy()
      })
      response.once('end', () => resolve(response.statusCode === 200 ? answer : null))
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(null))
    asked.once('close', () => resolve(null))
    asked.end()
  })
}
