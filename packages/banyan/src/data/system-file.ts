import { readFileSync } from 'node:fs'
import { BanyanError, type RuntimeFile } from '@banyan/model'

const formatKnown = 1

/** Reads the file named by `BANYAN_SYSTEM`, which says what this process belongs to. */
export function readSystemFile(path: string | undefined): RuntimeFile {
  if (path === undefined || path === '') {
    throw new BanyanError(
      'BANYAN_NO_SYSTEM',
      'BANYAN_SYSTEM is not set, so that this process belongs to no system.',
      {
        hint: 'Start it as a service of a system: `banyan up`.',
      },
    )
  }
  return readSystemFileOf(path, read(path))
}

/** The same of what was read of it. */
export function readSystemFileOf(path: string, text: string): RuntimeFile {
  const file = parse(path, text)
  checkFormat(path, file)
  checkShape(path, file)
  return file as RuntimeFile
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw invalid(path, `cannot be read: ${(cause as Error).message}`, cause)
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid(path, 'is not JSON', cause)
  }
}

function checkFormat(path: string, file: unknown): void {
  const format = (file as { format?: unknown } | null)?.format
  if (typeof format === 'number' && format > formatKnown) {
    throw new BanyanError(
      'BANYAN_SYSTEM_FILE_NEWER',
      `${path} has format ${format}; this version of banyan reads up to ${formatKnown}.`,
      { hint: 'Update the package `banyan` of the app: npm install banyan@latest' },
    )
  }
  if (format !== formatKnown) throw invalid(path, `has no format that is known (${String(format)})`)
}

function checkShape(path: string, file: unknown): void {
  const { shards, connectionsMax, system } = file as Partial<RuntimeFile>
  if (typeof system !== 'object' || system === null) throw invalid(path, 'names no system')
  if (!Array.isArray(shards)) throw invalid(path, 'lists no shards')
  if (!Number.isSafeInteger(connectionsMax) || Number(connectionsMax) < 1) {
    throw invalid(
      path,
      `says connectionsMax ${String(connectionsMax)}, which is no whole number from 1 on`,
    )
  }
}

const invalid = (path: string, why: string, cause?: unknown): BanyanError =>
  new BanyanError('BANYAN_SYSTEM_FILE_INVALID', `${path}, named by BANYAN_SYSTEM, ${why}.`, {
    hint: 'It is written by `banyan up`; start the system again.',
    cause,
  })
