import { isRecord } from '../is-record.ts'
import { levels } from '../logs/line.ts'
import type { NodeLine } from '../logs/log-file.ts'
import type { Redactor } from '../logs/redact.ts'
import { anyOf, attributesOf, idOf, listOf, msOf, nodeOf } from './values.ts'

/** The lines of an export request of logs. `now` is taken for one that says no time. */
export function linesOf(
  request: unknown,
  { redact, lengthMax, now }: { redact: Redactor; lengthMax: number; now: number },
): NodeLine[] {
  return listOf(isRecord(request) ? request.resourceLogs : []).flatMap(
    ({ resource, scopeLogs }) => {
      const node = nodeOf(resource)
      const records = listOf(scopeLogs).flatMap((scope) => listOf(scope.logRecords))
      return records.map((record): NodeLine => {
        const body = anyOf(record.body)
        const text = typeof body === 'string' ? body : JSON.stringify(body ?? '')
        const span = idOf(record.spanId, 8)
        const said = { ...attributesOf(record.attributes), ...(span !== null && { span_id: span }) }
        const fields = redact.value(said) as Record<string, unknown>
        return {
          at: Math.floor(msOf(record.timeUnixNano) ?? msOf(record.observedTimeUnixNano) ?? now),
          node,
          level: levelOf(record.severityNumber),
          message: redact.text(text).slice(0, lengthMax),
          trace: idOf(record.traceId, 16),
          fields: JSON.stringify(fields).length > lengthMax ? { cut: true } : fields,
        }
      })
    },
  )
}

/** Four numbers of severity for each level, from 1 on; 0 says nothing. */
function levelOf(severity: unknown): NodeLine['level'] {
  const number = Number(severity ?? 0)
  return number >= 1 ? (levels[Math.min(5, Math.floor((number - 1) / 4))] ?? 'info') : 'info'
}
