import type { SpanRecord } from '@banyan/model'
import { querySummary } from './query-summary.ts'
import { type SeenRequest, SeenStatement, SeenTransaction, type SeenWait } from './watch.ts'

/** What a request did. */
export type Seen = SeenStatement | SeenTransaction | SeenWait

type Ids = {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | null
  /** From the clock of the process to that on the wall. */
  readonly offset: number
}

/** The span of a request. Neither its path nor anything of its head or body is in it. */
export function serverRecord(
  { request, route, status, errorType, startedMs, tookMs }: SeenRequest,
  { offset, left, ...ids }: Ids & { readonly left: number },
): SpanRecord {
  const { method = '' } = request
  return {
    ...ids,
    name: route === '' ? method : `${method} ${route}`,
    kind: 'server',
    startMs: offset + startedMs,
    durationMs: tookMs,
    error: errorType === '' ? null : errorType,
    attributes: {
      'http.request.method': method,
      ...(route !== '' && { 'http.route': route }),
      ...(status > 0 && { 'http.response.status_code': status }),
      ...(errorType !== '' && { 'error.type': errorType }),
      ...(left > 0 && { 'banyan.spans.left_out': left }),
    },
  }
}

/** The span of something that was done for a request. One that has not ended goes on until the request does. */
export function partRecord(
  seen: Seen,
  { offset, endMs, ...ids }: Ids & { readonly endMs: number },
): SpanRecord {
  const { startedMs, tookMs, errorType } = seen
  const isOpen = tookMs < 0
  return {
    ...ids,
    ...described(seen),
    startMs: offset + startedMs,
    durationMs: isOpen ? endMs - startedMs : tookMs,
    error: errorType === '' ? null : errorType,
    attributes: {
      ...described(seen).attributes,
      ...(errorType !== '' && { 'error.type': errorType }),
      ...(isOpen && { 'banyan.unfinished': true }),
    },
  }
}

function described(seen: Seen): Pick<SpanRecord, 'name' | 'kind' | 'attributes'> {
  if (seen instanceof SeenStatement) return statement(seen)
  const system = { 'db.system.name': 'postgresql' }
  if (seen instanceof SeenTransaction) {
    const attributes = { ...system, 'db.operation.name': 'TRANSACTION' }
    return { name: 'TRANSACTION', kind: 'client', attributes }
  }
  return {
    name: 'wait for a connection',
    kind: 'internal',
    attributes: { ...system, 'db.client.connection.pool.name': seen.pool },
  }
}

/** What is written into a statement as text is somebody's data: none of it is told but names of tables. */
function statement({
  operation,
  text,
  address,
}: SeenStatement): Pick<SpanRecord, 'name' | 'kind' | 'attributes'> {
  const summary = querySummary(operation, text)
  return {
    name: summary === '' ? 'postgresql' : summary,
    kind: 'client',
    attributes: {
      'db.system.name': 'postgresql',
      ...(operation !== '' && { 'db.operation.name': operation }),
      ...(summary !== '' && { 'db.query.summary': summary }),
      'server.address': address,
    },
  }
}
