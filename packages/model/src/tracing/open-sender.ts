import type { ProcessTelemetry, SpanReceiver } from '../telemetry.ts'
import { httpPost, type RequestFunction } from './http-post.ts'
import { type Cancel, type SenderPorts, SpanSender } from './span-sender.ts'

/** What a sender needs of Node: `request` of node:http, and its timers. */
export type SenderHost<Timer extends { unref(): unknown }> = {
  readonly request: RequestFunction
  set(run: () => void, ms: number): Timer
  clear(timer: Timer): void
  /** Says where the receiver is, before each batch. Absent: where it was at first. */
  where?(say: (receiver: SpanReceiver) => void): void
}

/** Who the spans are of. */
export type SpanSource = { readonly service: string; readonly node: string }

/** How long the receiver may take for a batch. */
const timeoutMs = 2_000

/**
 * Opens the sender of a process to the receiver that its file names; null where it names none.
 *
 * @example
 * const host = { request, set: setTimer, clear: clearTimer }
 * openSender(host, file.telemetry, { service: 'web', node: 'web-1' })
 */
export function openSender<Timer extends { unref(): unknown }>(
  host: SenderHost<Timer>,
  { otlp }: Pick<ProcessTelemetry, 'otlp'>,
  { service, node }: SpanSource,
): SpanSender | null {
  if (otlp === null) return null
  const { request, set, clear } = host
  const hold = (ms: number, run: () => void): Cancel => {
    const timer = set(run, ms)
    return () => clear(timer)
  }
  const after = (ms: number, run: () => void): Cancel => {
    const timer = set(run, ms)
    timer.unref()
    return () => clear(timer)
  }
  const postTo = ({ url, token }: SpanReceiver) =>
    httpPost(request, after, { url: `${url.replace(/\/$/, '')}/v1/traces`, token, timeoutMs })
  const where = host.where ?? ((say) => say(otlp))
  const resource = { 'service.name': service, 'service.instance.id': node, 'banyan.node': node }
  return new SpanSender(resource, { post: postWhere(where, postTo), after, hold })
}

/** Asks anew for each body where it goes. */
function postWhere(
  where: (say: (receiver: SpanReceiver) => void) => void,
  postTo: (receiver: SpanReceiver) => SenderPorts['post'],
): SenderPorts['post'] {
  return (body, answered) => {
    let isOver = false
    let cancel: Cancel = () => {}
    where((receiver) => {
      if (!isOver) cancel = postTo(receiver)(body, answered)
    })
    return () => {
      isOver = true
      cancel()
    }
  }
}
