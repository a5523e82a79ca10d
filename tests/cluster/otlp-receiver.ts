// Takes spans as the store does, over a real socket. Not a test.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type ReceivedSpan = {
  readonly node: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: string | null
  readonly name: string
  readonly kind: number
  readonly startMs: number
  readonly durationMs: number
  readonly error: string | null
  readonly attributes: Readonly<Record<string, unknown>>
}

type KeyValue = { key: string; value: Record<string, string | number | boolean> }
type Body = {
  resourceSpans: {
    resource: { attributes: KeyValue[] }
    scopeSpans: { spans: Record<string, never>[] }[]
  }[]
}

export type OtlpReceiver = {
  readonly url: string
  readonly token: string
  readonly spans: ReceivedSpan[]
  /** Everything that was sent, as it was. */
  readonly bodies: string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** A receiver that wants its token, and keeps what it was sent. */
export async function otlpReceiver(): Promise<OtlpReceiver> {
  const token = 'token-of-the-store'
  const spans: ReceivedSpan[] = []
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const isAllowed = request.headers.authorization === `Bearer ${token}`
    if (request.method !== 'POST' || request.url !== '/v1/traces' || !isAllowed) {
      response.writeHead(isAllowed ? 404 : 401).end()
      return
    }
    bodies.push(body)
    spans.push(...spansIn(JSON.parse(body) as Body))
    response.setHeader('content-type', 'application/json').end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    spans,
    bodies,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function spansIn({ resourceSpans }: Body): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const node = String(plain(resource.attributes)['banyan.node'])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => readSpan(node, span)))
  })
}

function readSpan(node: string, span: Record<string, never>): ReceivedSpan {
  const { traceId, spanId, parentSpanId = null, name, kind, attributes } = span
  const [start, end] = [span.startTimeUnixNano, span.endTimeUnixNano].map(
    (nanos) => Number(BigInt(nanos as unknown as string) / 1_000n) / 1_000,
  ) as [number, number]
  const { message = null } = (span.status ?? {}) as { message?: string | null }
  return {
    ...({ node, traceId, spanId, parent: parentSpanId, name, kind } as never as ReceivedSpan),
    startMs: start,
    durationMs: end - start,
    error: message,
    attributes: plain(attributes as unknown as KeyValue[]),
  }
}

const plain = (attributes: readonly KeyValue[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
