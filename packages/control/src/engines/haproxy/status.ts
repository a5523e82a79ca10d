import type { BackendStatus, EntryRequests, GatewayStatus } from '@banyan/model'
import { type Inspection, inFlightOf, numberOf, type Row, type Slot } from './inspect.ts'
import { versionKey } from './maps.ts'

/** What HAProxy does, in the words of the gateway. */
export type HaproxyStatus = GatewayStatus & {
  /** Whoever counts: another process after each reload. */
  readonly pid: number
}

export function statusOf(found: Inspection): HaproxyStatus {
  return {
    pid: found.pid,
    version: Number(found.facts.get(versionKey) ?? 0),
    requests: requestsOf(found.rows),
    backends: found.slots.flatMap((slot) => {
      const node = found.facts.get(slot.name)
      if (node === undefined) return []
      return [backendStatus(node, slot)]
    }),
  }
}

function backendStatus(node: string, slot: Slot): BackendStatus {
  const { row, isOut, webSockets } = slot
  const reason = isOut ? null : reasonOf(row)
  return {
    node,
    state: isOut ? 'drain' : 'ready',
    // One that drains is not asked any more, and nothing is known against it.
    healthy: reason === null,
    inFlight: inFlightOf(slot),
    webSockets,
    reason,
  }
}

/** Before its first check a server is sent requests, and nobody knows yet whether it is healthy. */
function reasonOf(row: Row): string | null {
  const status = row.get('status') ?? ''
  const check = (row.get('check_status') ?? '').replace(/^\* /, '')
  if (check === '' || check === 'INI') return 'It was not asked yet.'
  if (status.startsWith('UP')) return null
  if (check.endsWith('TOUT')) return 'It did not answer its check in time.'
  if (check === 'L4CON') return 'It refuses connections.'
  if (check === 'L7STS') return `It answers its check with ${row.get('check_code')}.`
  return `Its check failed: ${row.get('last_chk') || check}.`
}

/** Whatever it answered in public; what was cut in the middle has its status and is an abort beside it. */
function requestsOf(rows: readonly Row[]): EntryRequests {
  const entry = rows.find((row) => row.get('pxname') === 'banyan:public')
  if (entry === undefined) return { sent: 0, failed: 0 }
  const classes = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other']
  const sent = classes.reduce((sum, name) => sum + numberOf(entry, `hrsp_${name}`), 0)
  const services = rows.filter(
    (row) => row.get('svname') === 'BACKEND' && row.get('mode') !== 'tcp',
  )
  const cut = services.reduce((sum, row) => sum + numberOf(row, 'srv_abrt'), 0)
  return { sent, failed: numberOf(entry, 'hrsp_5xx') + cut }
}
