import type { Backend, GatewayFile } from '@banyan/model'
import { defaultWeight, stickyCookie } from '@banyan/model'
import type { HaproxyLimits } from './limits.ts'
import { maps, pathKey, slotKey } from './maps.ts'
import { type HaproxyService, healthOf, slotCount, slotName } from './services.ts'
import { errorBody, errorPage, word } from './words.ts'

/**
 * One service: its slots, with a server or without. A refusal is believed the second time, a tenth of a
 * second after the first; silence too. A server that is down is asked ten times a second.
 */
export function serviceSection(
  file: GatewayFile,
  service: HaproxyService,
  limits: HaproxyLimits,
): string[] {
  const { name } = service
  return [
    `backend ${name}`,
    ...(file.sticky ? stickyLines(service) : []),
    ...checkLines(service, limits),
    `  ${errorPage(503, noServer(name), 'hdr retry-after 1')}`,
    ...slotLines(file, service, limits),
  ]
}

/** How servers are chosen and asked, and a line for each slot. */
export function slotLines(
  file: GatewayFile,
  service: HaproxyService,
  limits: HaproxyLimits,
): string[] {
  const { name, isTcp } = service
  const slots = Array.from({ length: slotCount(service) }, (_, index) => index)
  // An idle connection is given up well before any server would close it under a request.
  const pool = isTcp ? '' : ` pool-purge-delay 1s`
  return [
    `  balance ${file.balance === 'least-connections' ? 'leastconn' : 'roundrobin'}`,
    `  default-server ${serverWords(file, limits)}${pool}`,
    ...slots.map(
      (index) => `  server ${slotName(name, index)} ${slotWords(service.servers[index])}`,
    ),
  ]
}

const noServer = (name: string): string =>
  errorBody('BANYAN_GATEWAY_NO_SERVER', `No server of ${name} is ready. Try again soon.`)

/** A client comes back to the server that its cookie names, under the name that the gateway gives it. */
function stickyLines({ name }: HaproxyService): string[] {
  const cookie = stickyCookie(name)
  const value = `${cookie}=%[srv_name,map_str(${maps.facts})]; Path=/; HttpOnly; SameSite=Lax`
  const isNew = '!{ srv_name,strcmp(txn.slot) 0 } { srv_name -m found }'
  return [
    `  http-request set-var(txn.wish) req.cook(${cookie})`,
    `  http-request set-var(txn.slot) str(${slotKey(name, '')}),concat(,txn.wish),map_str(${maps.facts},none)`,
    '  use-server %[var(txn.slot)] unless { var(txn.slot) -m str none }',
    `  http-response set-header cache-control private if ${isNew} !{ res.hdr(cache-control) -m sub private no-store }`,
    `  http-response add-header set-cookie ${word(value)} if ${isNew}`,
  ]
}

function serverWords({ slowStartMs = 0 }: GatewayFile, limits: HaproxyLimits): string {
  const { checkIntervalMs, recheckIntervalMs } = limits
  const slow = slowStartMs > 0 ? ` slowstart ${slowStartMs}ms` : ''
  return (
    `check inter ${checkIntervalMs}ms fastinter ${recheckIntervalMs}ms downinter ${recheckIntervalMs}ms ` +
    // Without `maxconn`: WebSockets would count, and a thousand of them would keep all requests waiting.
    `rise 1 fall 2 observe layer4 error-limit 1 on-error fastinter${slow}`
  )
}

/** Without a path `/-/ready` is asked, and who does not know it has an open port at least. */
function checkLines(service: HaproxyService, { checkTimeoutMs }: HaproxyLimits): string[] {
  const path = word(`%[srv_name,concat(${pathKey('')}),map_str(${maps.facts},/-/ready)]`)
  return [
    '  option httpchk',
    `  timeout check ${checkTimeoutMs}ms`,
    '  http-check connect',
    `  http-check send meth GET uri-lf ${path} ver HTTP/1.1 hdr host localhost hdr connection close`,
    healthOf(service) === '2xx'
      ? '  http-check expect rstatus ^2'
      : '  http-check expect ! hdr name banyan-ready value false',
  ]
}

function slotWords(server: Backend | undefined): string {
  if (server === undefined) return '127.0.0.1:1 disabled'
  const { host, port, weight = defaultWeight, state } = server
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return `${place} weight ${weight}${state === 'drain' ? ' disabled' : ''}`
}
