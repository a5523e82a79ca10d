import { readFileSync } from 'node:fs'
import { BanyanError } from '@banyan/model'
import { isRecord } from './is-record.ts'
import type { StoreFile } from './store-file.ts'

const texts = [
  'directory',
  'host',
  'token',
  'targetsFile',
  'metricsToken',
  'logs',
  'controlLog',
  'holderLog',
] as const

/** Reads what the store is told; every fault in it is said at once. */
export function readStoreFile(path: string): StoreFile {
  const said = parse(path)
  const faults = texts
    .filter((name) => typeof said[name] !== 'string' || said[name] === '')
    .map((name) => `${name} is no text`)
  if (said.format !== 1) faults.push(`format is ${JSON.stringify(said.format)}, and should be 1`)
  const { port, telemetry } = said
  if (!Number.isInteger(port) || Number(port) < 0 || Number(port) > 65_535)
    faults.push('port is no number from 0 to 65535')
  if (!isRecord(telemetry) || !Array.isArray(telemetry.business))
    faults.push('telemetry is missing')
  if (faults.length > 0) throw invalid(`${path} has faults: ${faults.join('; ')}.`)
  return said as StoreFile
}

function parse(path: string): Record<string, unknown> {
  try {
    const said: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (isRecord(said)) return said
  } catch (cause) {
    throw invalid(`The file of the store cannot be read: ${path || '(none was named)'}.`, cause)
  }
  throw invalid(`${path} is no object.`)
}

const invalid = (message: string, cause?: unknown): BanyanError =>
  new BanyanError('BANYAN_STORE_FILE_INVALID', message, {
    hint: 'Control writes this file before it starts the store: banyan up.',
    cause,
  })
