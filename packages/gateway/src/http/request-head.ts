import type { IncomingMessage } from 'node:http'
import { readTraceparent, type TraceParent } from '@banyan/model'
import { newTraceparent, requestId } from './ids.ts'
import { isHost, readTarget } from './request-target.ts'

/** A request as it goes to a server, but for its first line's end: what was read of it and made of it. */
export type RequestHead = {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly host: string
  readonly requestId: string
  /** The span of the client that sent it, where it says one. */
  readonly parent: TraceParent | null
  /** All lines, without the empty one at the end and without the framing of the body. */
  readonly text: string
  /** Bytes of the body, or `chunked`; null: there is none. */
  readonly body: number | 'chunked' | null
  readonly expectsContinue: boolean
}

/** Who sent a request, and whether what it says about others is believed. */
export type Peer = { readonly address: string; readonly trusted: boolean }

/** Why a request is refused with 400; the sentence is for its sender. */
export type Malformed = { readonly malformed: string }

type Kind =
  | 'pass'
  | 'drop'
  | 'host'
  | 'connection'
  | 'length'
  | 'encoding'
  | 'id'
  | 'parent'
  | 'state'
  | 'expect'
  | 'upgrade'
  | 'forwarded'
  | 'for'
  | 'proto'
  | 'from-host'

const special: Readonly<Record<string, Kind>> = {
  host: 'host',
  connection: 'connection',
  'content-length': 'length',
  'transfer-encoding': 'encoding',
  'x-request-id': 'id',
  traceparent: 'parent',
  tracestate: 'state',
  expect: 'expect',
  upgrade: 'upgrade',
  forwarded: 'forwarded',
  'x-forwarded-for': 'for',
  'x-forwarded-proto': 'proto',
  'x-forwarded-host': 'from-host',
  'x-forwarded-port': 'drop',
  'x-real-ip': 'drop',
  'keep-alive': 'drop',
  'proxy-connection': 'drop',
  'proxy-authorization': 'drop',
  'proxy-authenticate': 'drop',
  te: 'drop',
  trailer: 'drop',
  'http2-settings': 'drop',
}

const kinds = new Map<string, Kind>()

/** Clients send the same names again and again: each spelling is looked at once. */
function kindOf(name: string): Kind {
  const known = kinds.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  const kind = Object.hasOwn(special, lower) ? (special[lower] as Kind) : kindOfOther(lower)
  if (kinds.size < 1_000) kinds.set(name, kind)
  return kind
}

/** CGI and what came after it read `_` as `-`: what is ours to say must not be said so by a client. */
function kindOfOther(lower: string): Kind {
  return lower.includes('_') && Object.hasOwn(special, lower.replaceAll('_', '-')) ? 'drop' : 'pass'
}

/**
 * Makes the head for the server, or says why the request is refused. Node's parser is strict; what is
 * checked here on top is what it lets pass and a server behind us could read in another way.
 *
 * @param traced whether each attempt at a server has a span of its own, so that its `traceparent` is not yet known
 */
export function readRequestHead(
  request: IncomingMessage,
  peer: Peer,
  upgrade = false,
  traced = false,
): RequestHead | Malformed {
  const method = request.method as string
  const raw = request.rawHeaders
  let host: string | null = null
  let length: string | null = null
  let encoding: string | null = null
  let id: string | null = null
  let parent: string | null = null
  let parents = 0
  let state = ''
  let expect: string | null = null
  let protocol: string | null = null
  let forwarded: string | null = null
  let forwardedFor: string | null = null
  let proto: string | null = null
  let forwardedHost: string | null = null
  let lines = ''
  const named = namedInConnection(raw)
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    const value = raw[at + 1] as string
    switch (kindOf(name)) {
      case 'pass':
        if (named === null || !named.has(name.toLowerCase())) lines += `${name}: ${value}\r\n`
        break
      case 'host':
        if (host !== null) return { malformed: 'It names its host twice.' }
        host = value
        break
      case 'length':
        if (length !== null) return { malformed: 'It says its length twice.' }
        length = value
        break
      case 'encoding':
        if (encoding !== null) return { malformed: 'It says its transfer encoding twice.' }
        encoding = value
        break
      case 'id':
        id = id === null ? value : '\0'
        break
      case 'parent':
        parent = value
        parents += 1
        break
      case 'state':
        state += `${name}: ${value}\r\n`
        break
      case 'expect':
        expect = value
        break
      case 'upgrade':
        protocol = value
        break
      case 'forwarded':
        forwarded = join(forwarded, value)
        break
      case 'for':
        forwardedFor = join(forwardedFor, value)
        break
      case 'proto':
        proto = value
        break
      case 'from-host':
        forwardedHost = value
        break
    }
  }
  if (request.httpVersionMajor !== 1) return { malformed: 'It is not HTTP/1.0 or HTTP/1.1.' }
  const target = readTarget(request.url as string, method)
  if (target === null) return { malformed: 'Its target is neither a path nor an http URL.' }
  const asked = target.host ?? host
  // Before HTTP/1.1 nobody had to say which host; the server hears the address that it is asked at.
  if (asked === null && request.httpVersionMinor === 1) return { malformed: 'It names no host.' }
  if (asked !== null && !isHost(asked)) return { malformed: 'Its host is none.' }
  if (host !== null && !isHost(host)) return { malformed: 'Its host is none.' }
  const body = readFraming(length, encoding, request.httpVersionMinor)
  if (typeof body === 'object' && body !== null) return body
  const finalHost = asked ?? 'localhost'
  const finalId = requestId(id)
  const parentSpan = parents === 1 ? readTraceparent(parent) : null
  let text = `${method} ${target.path} HTTP/1.1\r\nhost: ${finalHost}\r\n${lines}`
  text += `x-request-id: ${finalId}\r\n`
  if (!traced) text += `traceparent: ${parentSpan === null ? newTraceparent() : parent}\r\n`
  if (parentSpan !== null) text += state
  text += peer.trusted
    ? trustedLines(peer.address, finalHost, { forwarded, forwardedFor, proto, forwardedHost })
    : forwardedLines(peer.address, finalHost)
  if (upgrade && protocol !== null) text += `connection: upgrade\r\nupgrade: ${protocol}\r\n`
  return {
    method,
    path: target.path,
    host: finalHost,
    requestId: finalId,
    parent: parentSpan,
    text,
    body,
    expectsContinue: expect?.toLowerCase() === '100-continue' && request.httpVersionMinor === 1,
  }
}

const join = (before: string | null, value: string): string =>
  before === null ? value : `${before}, ${value}`

/** Everything else in these is either Node's own refusal or a way to disagree about where a body ends. */
function readFraming(
  length: string | null,
  encoding: string | null,
  minor: number,
): number | 'chunked' | null | Malformed {
  if (encoding !== null) {
    if (length !== null) return { malformed: 'It has a length beside a transfer encoding.' }
    if (minor === 0) return { malformed: 'HTTP/1.0 has no transfer encodings.' }
    if (encoding.toLowerCase() !== 'chunked')
      return { malformed: 'Its transfer encoding is not chunked.' }
    return 'chunked'
  }
  if (length === null) return null
  return /^\d{1,15}$/.test(length) ? Number(length) : { malformed: 'Its length is not a number.' }
}

/** What a client may not take out of its own request by calling it a matter of the connection. */
const notByName = new Set([
  'close',
  'keep-alive',
  'upgrade',
  'host',
  'content-length',
  'cache-control',
  '',
])

function namedInConnection(raw: readonly string[]): ReadonlySet<string> | null {
  let named: Set<string> | null = null
  for (let at = 0; at < raw.length; at += 2) {
    if (kindOf(raw[at] as string) !== 'connection') continue
    const value = raw[at + 1] as string
    if (value === 'keep-alive' || value === 'close' || value === 'Upgrade') continue
    for (const part of value.toLowerCase().split(',')) {
      const token = part.trim()
      if (notByName.has(token)) continue
      named ??= new Set()
      named.add(token)
    }
  }
  return named
}

/** The last answer, as a connection asks the same host again and again. */
let last = { address: '', host: '', text: '' }

function forwardedLines(address: string, host: string): string {
  if (last.address === address && last.host === host) return last.text
  const text =
    `x-forwarded-for: ${address}\r\nx-forwarded-proto: http\r\nx-forwarded-host: ${host}\r\n` +
    `forwarded: ${forwardedElement(address, host)}\r\n`
  last = { address, host, text }
  return text
}

type Said = {
  readonly forwarded: string | null
  readonly forwardedFor: string | null
  readonly proto: string | null
  readonly forwardedHost: string | null
}

function trustedLines(address: string, host: string, said: Said): string {
  return (
    `x-forwarded-for: ${join(said.forwardedFor, address)}\r\n` +
    `x-forwarded-proto: ${said.proto ?? 'http'}\r\n` +
    `x-forwarded-host: ${said.forwardedHost ?? host}\r\n` +
    `forwarded: ${join(said.forwarded, forwardedElement(address, host))}\r\n`
  )
}

const forwardedElement = (address: string, host: string): string =>
  `for=${address.includes(':') ? `"[${address}]"` : address};host="${host}";proto=http`
