import { type GatewayFile, gatewayLimits } from '@banyan/model'
import type { HaproxyLimits } from './limits.ts'
import { digestOf, factEntries, hostEntries, maps, mapText, routeEntries } from './maps.ts'
import { readyLines, reserved } from './own-lines.ts'
import { fileNames, type HaproxyPlaces } from './places.ts'
import { publicSection } from './public-section.ts'
import { script } from './script.ts'
import { serviceSection } from './service-section.ts'
import { servicesOf } from './services.ts'
import { portSection, tcpDefaults, tcpServiceSection } from './tcp-sections.ts'
import { tunnelSection } from './tunnel-table.ts'
import type { WorkerUser } from './user.ts'
import { answer, errorBody, errorPage, word } from './words.ts'

export type HaproxySettings = {
  readonly file: GatewayFile
  readonly places: HaproxyPlaces
  /** Whom its workers run as; null: whoever starts it. */
  readonly user: WorkerUser | null
  /** Whether it is given the public sockets, as descriptors from 3 on. */
  readonly isPublic: boolean
  readonly limits?: Partial<HaproxyLimits>
}

export type HaproxyFile = { readonly path: string; readonly text: string }

/** Everything that HAProxy reads when it starts, and when it is reloaded. */
export function haproxyFiles(settings: HaproxySettings): HaproxyFile[] {
  const { file, places } = settings
  return [
    { path: places.configuration, text: configurationOf(settings) },
    { path: places.script, text: script },
    { path: places.routes, text: mapText(routeEntries(file)) },
    { path: places.hosts, text: mapText(hostEntries(file)) },
    { path: places.facts, text: mapText(factEntries(file, shapeOf(settings))) },
  ]
}

/** Tells apart what takes a reload; what is not in it is changed while HAProxy runs. */
export function shapeOf(settings: HaproxySettings): string {
  const { routes, backends: _, version: __, ...general } = settings.file
  const hasHosts = routes.some(({ host }) => host !== null)
  return digestOf(
    configurationOf({
      ...settings,
      file: {
        ...general,
        version: 0,
        backends: [],
        // One service stands for all.
        routes: [{ host: hasHosts ? 'a' : null, prefix: '/', service: 'a' }],
      },
    }) + script,
  )
}

function configurationOf(settings: HaproxySettings): string {
  const { file, isPublic } = settings
  const limits = { ...gatewayLimits, ...settings.limits }
  const services = servicesOf(file)
  const lines = [
    ...globalSection(settings),
    ...defaultsSection(limits),
    ...(isPublic ? publicSection(file, limits) : []),
    ...tunnelSection,
    ...privateSection(file),
    ...services
      .filter(({ isTcp }) => !isTcp)
      .flatMap((service) => serviceSection(file, service, limits)),
    ...tcpLines(settings, limits),
  ]
  return `${lines.join('\n')}\n`
}

function tcpLines({ file, isPublic }: HaproxySettings, limits: HaproxyLimits): string[] {
  const services = servicesOf(file).filter(({ isTcp }) => isTcp)
  const ports = isPublic ? (file.tcp ?? []) : []
  if (services.length + ports.length === 0) return []
  return [
    ...tcpDefaults(limits),
    ...ports.flatMap((port) => portSection(port, limits)),
    ...services.flatMap((service) => tcpServiceSection(file, service, limits)),
  ]
}

function globalSection({ file, places, user }: HaproxySettings): string[] {
  return [
    'global',
    `  stats socket ${word(places.runtime)} mode 600 level admin`,
    '  stats timeout 1h',
    `  hard-stop-after ${file.drainTimeoutMs}ms`,
    ...(user === null ? [] : [`  user ${user.name}`, `  gid ${user.gid}`]),
    `  lua-load ${fileNames.script}`,
    // A body of 64 KiB is kept for another try, and an answer may have headers of almost as many.
    '  tune.bufsize 73728',
    '  tune.maxrewrite 4096',
    '  tune.http.maxhdr 32767',
    '  spread-checks 0',
    'ring trial',
    '  format raw',
    '  maxlen 512',
    '  size 1048576',
  ]
}

function defaultsSection(limits: HaproxyLimits): string[] {
  const { connectTimeoutMs, answerTimeoutMs, headersTimeoutMs, stalledTimeoutMs } = limits
  const { keepAliveTimeoutMs, waitMs, retriesMax } = limits
  return [
    'defaults',
    '  mode http',
    '  option idle-close-on-response',
    // Nobody waits for the answer of a client that is gone.
    '  option abortonclose',
    '  option redispatch 1',
    '  option splice-auto',
    `  retries ${retriesMax + 1}`,
    '  retry-on conn-failure empty-response junk-response',
    `  timeout connect ${connectTimeoutMs}ms`,
    `  timeout client ${stalledTimeoutMs}ms`,
    `  timeout server ${answerTimeoutMs}ms`,
    `  timeout http-request ${headersTimeoutMs}ms`,
    `  timeout http-keep-alive ${keepAliveTimeoutMs + 1_000}ms`,
    `  timeout queue ${Math.max(1, waitMs)}ms`,
    '  timeout tunnel 24h',
    '  timeout client-fin 10s',
    '  timeout server-fin 10s',
    `  ${errorPage(400, errorBody('BANYAN_REQUEST_MALFORMED', 'The request is not valid HTTP.'))}`,
    `  ${errorPage(408, errorBody('BANYAN_REQUEST_MALFORMED', 'The request did not arrive in time.'))}`,
    `  ${errorPage(502, lost)}`,
    `  ${errorPage(504, late)}`,
  ]
}

const lost = errorBody(
  'BANYAN_GATEWAY_SERVER_LOST',
  'The server went away before it had answered. Whether it did what was asked is not known.',
)

const late = errorBody(
  'BANYAN_GATEWAY_ANSWER_LATE',
  'The server did not answer in time. Whether it did what was asked is not known.',
)

/** For control and for whoever measures; clients never reach it. */
function privateSection({ listen, token }: GatewayFile): string[] {
  const { host, port } = listen
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const wrong = errorBody('BANYAN_GATEWAY_TOKEN_WRONG', 'The token is missing or wrong.')
  return [
    'frontend banyan:private',
    `  bind ${place}`,
    `  http-request set-header banyan-version %[str(version),map_str(${maps.facts},0)]`,
    `  http-request return status 401 content-type application/json string ${word(wrong)} if { path /-/metrics } !{ req.fhdr(authorization) -m str ${word(`Bearer ${token}`)} }`,
    '  http-request use-service prometheus-exporter if { path /-/metrics }',
    `  http-request ${answer(404, reserved)} unless { path /-/ready }`,
    ...readyLines().map((line) => `  ${line}`),
  ]
}
