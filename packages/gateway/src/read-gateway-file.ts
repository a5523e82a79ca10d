import { readFileSync } from 'node:fs'
import {
  type Backend,
  type Balance,
  BanyanError,
  balances,
  type GatewayFile,
  weightMax,
} from '@banyan/model'
import { readTrusted } from './http/trusted-proxies.ts'

/** Reads and checks the file at a path. Throws `BANYAN_GATEWAY_FILE_INVALID`. */
export function readGatewayFile(path: string): GatewayFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new BanyanError('BANYAN_GATEWAY_FILE_INVALID', `${path} cannot be read.`, {
      hint: 'Gateways are started by Banyan, which writes this file: banyan up.',
      cause,
    })
  }
  return parseGatewayFile(text, path)
}

/** Checks the whole and names every fault. Throws `BANYAN_GATEWAY_FILE_INVALID`. */
export function parseGatewayFile(text: string, from: string): GatewayFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(from, ['It is not JSON.'])
  }
  const faults = faultsOf(value)
  if (faults.length > 0) throw invalid(from, faults)
  return value as GatewayFile
}

function invalid(from: string, faults: readonly string[]): BanyanError {
  const message = `${from} is not a gateway's file: ${faults.join(' ')}`
  return new BanyanError('BANYAN_GATEWAY_FILE_INVALID', message, {
    hint: 'Gateways are started by Banyan, which writes this file; start it again: banyan up.',
    details: { faults },
  })
}

type Fields = Readonly<Record<string, unknown>>

function faultsOf(value: unknown): string[] {
  if (!isObject(value)) return ['It is not an object.']
  if (value.format !== 1) return [`Its format is ${JSON.stringify(value.format)}, not 1.`]
  const faults: string[] = []
  const want = (holds: boolean, what: string): void => {
    if (!holds) faults.push(what)
  }
  want(isCount(value.version), 'version is not a number.')
  want(isText(value.node), 'node is not a name.')
  want(
    isObject(value.listen) && isText(value.listen.host) && isPort(value.listen.port, 0),
    'listen is not {host, port}.',
  )
  want(isText(value.token), 'token is not a text.')
  want(
    isCount(value.drainTimeoutMs) && (value.drainTimeoutMs as number) <= timerMax,
    'drainTimeoutMs is not a number that a timer takes.',
  )
  want(
    isListOf(value.trustedProxies, (one) => typeof one === 'string'),
    'trustedProxies is not a list of texts.',
  )
  want(
    value.balance === undefined || balances.includes(value.balance as Balance),
    `balance is not one of ${balances.join(', ')}.`,
  )
  want(
    value.sticky === undefined || typeof value.sticky === 'boolean',
    'sticky is not true or false.',
  )
  want(
    value.slowStartMs === undefined || isCount(value.slowStartMs),
    'slowStartMs is not a number of milliseconds.',
  )
  want(isListOf(value.routes, isRoute), 'routes is not a list of {host, prefix, service}.')
  want(
    value.tcp === undefined || isListOf(value.tcp, isPublicPort),
    'tcp is not a list of {port, fd, service}.',
  )
  want(
    isListOf(value.backends, isBackend),
    'backends is not a list of {node, service, host, port, health, state, weight, tcp}.',
  )
  want(
    value.telemetry === undefined || isTelemetry(value.telemetry),
    'telemetry is not {otlp, traces, metricsToken}.',
  )
  if (faults.length === 0) {
    const twice = twiceIn(value.backends as Backend[])
    want(twice === null, `backends names ${twice} twice.`)
    const { bad } = readTrusted(value.trustedProxies as string[])
    want(
      bad.length === 0,
      `trustedProxies names ${bad.join(', ')}, which is no address and no range.`,
    )
  }
  return faults
}

/** A timer that is set to more fires at once. */
const timerMax = 2_147_483_647

/** One server that is there twice would be asked, and drained, as two. */
function twiceIn(backends: readonly Backend[]): string | null {
  const seen = new Set<string>()
  for (const { node, service, host, port } of backends) {
    const key = JSON.stringify([node, service, host, port])
    if (seen.has(key)) return `${node} of ${service} at ${host}:${port}`
    seen.add(key)
  }
  return null
}

const isRoute = (one: unknown): boolean =>
  isObject(one) &&
  (one.host === null || isText(one.host)) &&
  typeof one.prefix === 'string' &&
  one.prefix.startsWith('/') &&
  isText(one.service)

const isPublicPort = (one: unknown): boolean =>
  isObject(one) &&
  isPort(one.port, 0) &&
  isCount(one.fd) &&
  (one.service === null || isText(one.service))

const isBackend = (one: unknown): boolean =>
  isObject(one) &&
  isText(one.node) &&
  isText(one.service) &&
  isText(one.host) &&
  /^[\w.:%-]+$/.test(one.host) &&
  isPort(one.port, 1) &&
  (one.health === null || (isText(one.health) && /^\/[\x21-\x7e]*$/.test(one.health))) &&
  (one.state === 'ready' || one.state === 'drain') &&
  (one.weight === undefined || (isCount(one.weight) && (one.weight as number) <= weightMax)) &&
  (one.tcp === undefined || one.tcp === true)

const isTelemetry = (one: unknown): boolean =>
  isObject(one) &&
  isText(one.metricsToken) &&
  isObject(one.traces) &&
  typeof one.traces.share === 'number' &&
  typeof one.traces.slowMs === 'number' &&
  (one.otlp === null ||
    (isObject(one.otlp) && isText(one.otlp.token) && URL.canParse(String(one.otlp.url))))

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const isPort = (value: unknown, least: number): boolean =>
  isCount(value) && (value as number) >= least && (value as number) <= 65_535
const isListOf = (value: unknown, test: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(test)
