import { open, readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { join } from 'node:path'
import type { Lsn } from '@banyan/postgres'
import { crc32c } from './crc32c.ts'

/** How a cluster was left, or what it does: in the order of PostgreSQL's own numbers. */
const states = [
  'starting',
  'shut down',
  'shut down in recovery',
  'shutting down',
  'in crash recovery',
  'in recovery',
  'in production',
] as const

export type ClusterState = (typeof states)[number]

/** What `global/pg_control` says. */
export type ControlFile = {
  readonly systemIdentifier: string
  readonly state: ClusterState
  /** Where the record of the last checkpoint begins; of a cluster that was shut down, its last record. */
  readonly checkpointLsn: Lsn
  /** The timeline of that checkpoint. */
  readonly timeline: number
}

/** One sector, so that PostgreSQL itself can write it in one go. */
const controlBytes = 512
const roundsMax = 50

/**
 * Reads `global/pg_control` by hand, because `pg_controldata` does not come with every package. What is
 * read stands at the same places in PostgreSQL 15 to 18. A server that writes it at this moment is waited
 * for. Null where there is no such file, or where it is cut off or damaged.
 */
export async function readControlFile(dataDirectory: string): Promise<ControlFile | null> {
  const bytes = await readIntactControl(dataDirectory)
  return bytes === null ? null : controlFileOf(bytes)
}

/** The bytes of the file, once they fit their checksum. */
export async function readIntactControl(dataDirectory: string): Promise<Buffer | null> {
  const path = join(dataDirectory, 'global', 'pg_control')
  for (let round = 0; round < roundsMax; round += 1) {
    const bytes = await readFile(path).catch(absent)
    if (bytes === null || bytes.length < controlBytes) return null
    if (isIntact(bytes)) return bytes
  }
  return null
}

/** The checksum stands behind what it is of, and where that ends depends on the version. */
function isIntact(bytes: Buffer): boolean {
  for (let end = 200; end < controlBytes - 4; end += 4) {
    const checksum = uint32(bytes, end)
    if (checksum !== 0 && checksum === crc32c(bytes.subarray(0, end))) return true
  }
  return false
}

function controlFileOf(bytes: Buffer): ControlFile | null {
  const state = states[uint32(bytes, 16)]
  if (state === undefined) return null
  return {
    systemIdentifier: String(uint64(bytes, 0)),
    state,
    checkpointLsn: uint64(bytes, 32),
    timeline: uint32(bytes, 48),
  }
}

const isLittle = endianness() === 'LE'
const uint32 = (bytes: Buffer, at: number): number =>
  isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
const uint64 = (bytes: Buffer, at: number): bigint =>
  isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)

/**
 * The system identifier of a cluster: the first eight bytes of `global/pg_control`, in the byte
 * order of the machine. Null where there is no such file, or where it is cut off.
 */
export async function readSystemIdentifier(dataDirectory: string): Promise<string | null> {
  const file = await open(join(dataDirectory, 'global', 'pg_control'), 'r').catch(absent)
  if (file === null) return null
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
    return bytesRead < 8 ? null : String(uint64(buffer, 0))
  } finally {
    await file.close()
  }
}

/** The major version in `PG_VERSION`, or null where there is none to read. */
export async function readMajorVersion(dataDirectory: string): Promise<number | null> {
  const text = await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8').catch(absent)
  const major = Number.parseInt(text ?? '', 10)
  return Number.isInteger(major) ? major : null
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
