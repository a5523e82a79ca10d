import type { ChildProcess } from 'node:child_process'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BanyanError } from '@banyan/model'
import { diskFullAtStart, freeMbOf, isDiskFull } from './disk-space.ts'

export type EarlyEnd = {
  readonly address: string
  readonly port: number
  readonly dataDirectory: string
  readonly logFile: string
  /** Where the log ended before this start. */
  readonly logOffset: number
  readonly child: ChildProcess
}

const longestTailBytes = 16_384
const linesShown = 12

/** The error of a server that ended before it accepted connections, told by its own last lines. */
export async function startFailure(end: EarlyEnd): Promise<BanyanError> {
  const text = await tailOf(end.logFile, end.logOffset)
  if (/could not bind .*Address already in use/.test(text)) return portTaken(end)
  const freeMb = await freeMbOf(end.dataDirectory)
  // A log on the same full disk says nothing any more.
  const silenced = freeMb === 0 || (await freeMbOf(dirname(end.logFile))) === 0
  if (silenced || isDiskFull(text)) return diskFullAtStart(end.dataDirectory, freeMb)
  const lines = text.trim().split('\n').slice(-linesShown)
  return new BanyanError(
    'BANYAN_POSTGRES_START_FAILED',
    `PostgreSQL ended before it accepted connections on ${end.address}:${end.port} (${howItEnded(end.child)}). Its last lines:\n${lines.join('\n')}`,
    {
      hint: `The whole log is in ${end.logFile}.`,
      details: { logFile: end.logFile, lines },
    },
  )
}

/** Whether a server did not come up because its predecessor's memory is not gone yet. */
export function isSharedMemoryInUse(error: unknown): boolean {
  return (
    BanyanError.is(error) &&
    /pre-existing shared memory block .* is still in use/.test(error.message)
  )
}

function portTaken({ address, port }: EarlyEnd): BanyanError {
  return new BanyanError(
    'BANYAN_PORT_TAKEN',
    `PostgreSQL cannot listen on ${address}:${port}: another process does.`,
    {
      hint: `Find it with "ss -ltnp 'sport = :${port}'" and end it, or give the node another port.`,
      details: { address, port },
    },
  )
}

function howItEnded({ pid, exitCode, signalCode }: ChildProcess): string {
  if (pid === undefined) return 'it could not be run'
  return signalCode === null ? `exit code ${exitCode}` : `ended by ${signalCode}`
}

/** What was appended since the start, or the end of that. */
async function tailOf(path: string, offset: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const from = Math.max(offset, size - longestTailBytes)
    const buffer = Buffer.alloc(Math.max(0, size - from))
    await file.read(buffer, 0, buffer.length, from)
    return buffer.toString('utf8')
  } finally {
    await file.close()
  }
}
