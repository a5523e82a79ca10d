import type { GatewayFile } from '@banyan/model'
import { METHODS } from '../../node-http.ts'
import type { HaproxyLimits } from './limits.ts'
import { maps } from './maps.ts'
import { ownLines } from './own-lines.ts'
import { trialFormat } from './trial-line.ts'
import { tunnelLine } from './tunnel-table.ts'
import { answer, errorBody, word } from './words.ts'

/** What is passed on about a request that Banyan says itself: neither a client nor `_` for `-` may. */
const ours =
  '^(te|trailer|keep[-_]alive|proxy[-_](connection|authorization|authenticate)|http2[-_]settings|' +
  'forwarded|x[-_](forwarded[-_](for|proto|host|port)|real[-_]ip)|' +
  'x_request[-_]id|x-request_id|transfer_encoding|content_length)$'

const hostForm = "^([A-Za-z0-9._~!$&'()*+,;=%-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{0,5})?$"
const idForm = '^[\\w.:/+=@-]{1,128}$'
const parentForm =
  '^(00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}|' +
  '(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?)$'

const controls = '[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]'
const absolute = '^https?://[^/?#@]+([/?]|$)'

/** Where clients come in. */
export function publicSection(file: GatewayFile, limits: HaproxyLimits): string[] {
  return [
    'frontend banyan:public',
    '  bind fd@3 proto h1',
    ...trialLines,
    ...refusalLines(limits),
    ...ownLines.map((line) => `  ${line}`),
    ...routeLines(file),
    ...headerLines(file),
    ...answerLines,
    ...waitLines(limits),
    '  use_backend %[var(txn.service)]',
  ].flat()
}

/** One line per request while a release is tried, which whoever looks reads through the runtime API. */
const trialLines = [
  `  http-request set-log-level silent unless { str(trial),map_str(${maps.facts},off) -m str on }`,
  '  log ring@trial format raw local0',
  `  log-format "${trialFormat(`%[srv_name,map_str(${maps.facts},-)]`)}"`,
]

const malformed = (why: string): string =>
  answer(
    400,
    errorBody('BANYAN_REQUEST_MALFORMED', `The request is not valid HTTP. ${why}`),
    'hdr connection close',
  )

function refusalLines({ bodyBytesMax, headerBytesMax }: HaproxyLimits): string[] {
  const methods = METHODS.filter((method) => method !== 'CONNECT').join(' ')
  const large = errorBody('BANYAN_BODY_TOO_LARGE', `The body is larger than ${bodyBytesMax} bytes.`)
  const long = errorBody('BANYAN_REQUEST_MALFORMED', 'The headers are too long.')
  return [
    `http-request ${malformed('Its method is none.')} unless { method ${methods} }`,
    `http-request ${malformed('It is not HTTP/1.0 or HTTP/1.1.')} unless HTTP_1.0 or HTTP_1.1`,
    `http-request ${malformed('HTTP/1.0 has no transfer encodings.')} if HTTP_1.0 { req.fhdr_cnt(transfer-encoding) gt 0 }`,
    `http-request ${malformed('A header has control characters in it.')} if { req.hdrs -m reg ${word(controls)} }`,
    `http-request ${malformed('Its target is neither a path nor an http URL.')} unless { url_beg / } or METH_OPTIONS { url * } or { url -m reg -i ${word(absolute)} }`,
    // A server is asked for a path, as it is without a proxy.
    'http-request set-uri %[pathq] unless { url_beg / } or { url * }',
    `http-request ${malformed('It names no host, or several.')} if HTTP_1.1 !{ req.fhdr_cnt(host) 1 }`,
    'http-request set-header host localhost unless { req.fhdr_cnt(host) 1 }',
    `http-request ${malformed('Its host is none.')} unless { req.fhdr(host) -m reg ${word(hostForm)} }`,
    `http-request ${answer(413, large)} if { req.hdr_val(content-length) gt ${bodyBytesMax} }`,
    `http-request ${answer(431, long, 'hdr connection close')} if { req.hdrs,length gt ${headerBytesMax} }`,
    // HTTP/2 is never spoken, and a handshake may be tried at two servers, what others do may not.
    "http-request del-header upgrade if { req.hdr(upgrade) -m found } { req.hdr(upgrade) -m reg -i '\\bh2c?\\b|^http' }",
    'http-request del-header upgrade if { req.hdr(upgrade) -m found } !METH_GET',
  ].map((line) => `  ${line}`)
}

/** A route of the request's own host goes before one of every host, then the longest prefix. */
function routeLines({ routes }: GatewayFile): string[] {
  const noRoute = errorBody('BANYAN_GATEWAY_NO_ROUTE', 'No service answers this path.')
  const hasHosts = routes.some(({ host }) => host !== null)
  const own = [
    'http-request set-var(txn.path) path',
    'http-request set-var(txn.path) str() if { path -m str * }',
    `http-request set-var(txn.service) req.fhdr(host),host_only,rtrim(.),lower,concat(,txn.path,/),map_beg(${maps.hosts})`,
  ]
  return [
    ...(hasHosts ? own : []),
    `http-request set-var(txn.service) path,concat(/),map_beg(${maps.routes}) unless { var(txn.service) -m found }`,
    `http-request set-var(txn.service) str(/),map_beg(${maps.routes}) if { path -m str * } !{ var(txn.service) -m found }`,
    `http-request ${answer(404, noRoute)} unless { var(txn.service) -m found }`,
  ].map((line) => `  ${line}`)
}

function headerLines({ trustedProxies }: GatewayFile): string[] {
  const random = 'var(txn.uuid)'
  const trace =
    `00-%[${random},bytes(0,8)]%[${random},bytes(9,4)]%[${random},bytes(14,4)]%[${random},bytes(19,4)]` +
    `%[${random},bytes(24,12)]-%[var(txn.uuid2),bytes(0,8)]%[var(txn.uuid2),bytes(24,8)]-01`
  return [
    'acl traced req.fhdr_cnt(traceparent) 1',
    `acl traced_well req.fhdr(traceparent) -m reg ${word(parentForm)}`,
    'acl named req.fhdr_cnt(x-request-id) 1',
    `acl named_well req.fhdr(x-request-id) -m reg ${word(idForm)}`,
    // Each of several values counts: `upgrade, x-secret` names one more than an upgrade needs.
    "http-request lua.drop_named if { req.hdr(connection) -m reg -i '^(?!(keep-alive|close|upgrade)$).' }",
    'http-request del-header connection unless { req.hdr(upgrade) -m found }',
    ...forwardedLines(trustedProxies),
    'http-request set-header x-request-id %[uuid()] unless named named_well',
    'http-request del-header tracestate unless traced traced_well',
    'http-request set-var(txn.uuid) uuid() unless traced traced_well',
    'http-request set-var(txn.uuid2) uuid() unless traced traced_well',
    `http-request set-header traceparent ${word(trace)} unless traced traced_well`,
    'http-after-response del-header keep-alive',
    `http-after-response set-header keep-alive timeout=5 unless { stopping }`,
  ].map((line) => `  ${line}`)
}

const element = `for=%[src];host="%[req.fhdr(host)]";proto=http`

/** What a client says of others is dropped; what a trusted proxy says is kept, and its address added. */
function forwardedLines(trustedProxies: readonly string[]): string[] {
  const drop = `http-request del-header ${word(ours)} -m reg`
  const set = [
    'http-request set-header x-forwarded-for %[src]',
    'http-request set-header x-forwarded-proto http',
    'http-request set-header x-forwarded-host %[req.fhdr(host)]',
    `http-request set-header forwarded ${word(element)}`,
  ]
  if (trustedProxies.length === 0) return [drop, ...set]
  return [
    `acl trusted src ${trustedProxies.join(' ')}`,
    ...trustedVariables.map(
      ([variable, name]) => `http-request set-var(txn.${variable}) req.fhdr(${name}) if trusted`,
    ),
    'http-request lua.join_forwarded if trusted',
    drop,
    ...set,
    ...trustedLines,
  ]
}

const trustedVariables = [
  ['x_proto', 'x-forwarded-proto'],
  ['x_host', 'x-forwarded-host'],
] as const

const trustedLines = [
  "http-request set-header x-forwarded-for '%[var(txn.x_for)], %[src]' if trusted { var(txn.x_for) -m len gt 0 }",
  'http-request set-header x-forwarded-proto %[var(txn.x_proto)] if trusted { var(txn.x_proto) -m len gt 0 }',
  'http-request set-header x-forwarded-host %[var(txn.x_host)] if trusted { var(txn.x_host) -m len gt 0 }',
  `http-request set-header forwarded ${word(`%[var(txn.x_forwarded)], ${element}`)} if trusted { var(txn.x_forwarded) -m len gt 0 }`,
]

const invalid = answer(
  502,
  errorBody(
    'BANYAN_GATEWAY_ANSWER_INVALID',
    'The server answered with something that is not valid HTTP.',
  ),
)

/** What HAProxy lets a server say, and a client could read in another way. */
const answerLines = [
  `  http-response ${invalid} if { res.hdrs -m reg ${word(controls)} }`,
  `  http-response ${invalid} unless { status 101:599 }`,
  `  http-response ${invalid} if { res.ver 1.0 } { res.fhdr_cnt(transfer-encoding) gt 0 }`,
  `  http-response del-header ${word('^(proxy-(connection|authenticate)|te|trailer)$')} -m reg`,
  '  http-response del-header connection unless { status 101 }',
  `  ${tunnelLine}`,
]

/** A small body is read first, so that a slow client holds no connection to a server. */
function waitLines(limits: HaproxyLimits): string[] {
  const { heldBytesMax, requestTimeoutMs, waitMs, waitingMax } = limits
  const small = `{ req.hdr_val(content-length) 1:${heldBytesMax - 8_192} }`
  return [
    `http-request wait-for-body time ${requestTimeoutMs}ms if ${small}`,
    'http-request disable-l7-retry unless METH_GET or METH_HEAD or METH_OPTIONS or { method PUT DELETE TRACE }',
    ...(waitMs > 0
      ? [
          // One that stops takes every service for empty, though its servers are there.
          `http-request set-var(txn.wait) int(${waitMs}) if { var(txn.service),nbsrv 0 } !{ stopping }`,
          `http-request set-var(txn.waiting_max) int(${waitingMax}) if { var(txn.wait) -m found }`,
          'http-request lua.wait_for_server if { var(txn.wait) -m found }',
        ]
      : []),
  ].map((line) => `  ${line}`)
}
