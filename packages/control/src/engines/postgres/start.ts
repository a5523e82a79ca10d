import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { type Account, accountOf, identityOf } from './account.ts'
import type { Binaries } from './binaries.ts'
import { classifyCluster, readClusterFacts } from './cluster-state.ts'
import { type ServerSize, writeConfiguration } from './configuration.ts'
import { proveDirectoryDead } from './dead.ts'
import { asDiskFull, diskFullAtStart } from './disk-space.ts'
import { serverEnvironment } from './environment.ts'
import { locateNode, reachableBinaries } from './placement.ts'
import { readPostmasterFile } from './postmaster-file.ts'
import { probe } from './readiness.ts'
import { isSharedMemoryInUse, startFailure } from './start-failure.ts'

export type StartOptions = ServerSize & {
  readonly binaries: Binaries
  readonly nodeDirectory: string
  /** Everything that the server prints is appended here. */
  readonly logFile: string
  readonly signal?: AbortSignal
}

const firstLookMs = 4
const longestLookMs = 50

/**
 * The memory of a dead server may outlive it for a moment, when somebody else (a monitor that reads
 * /proc) holds on to it. PostgreSQL then refuses to start, and is asked again for this long.
 */
const sharedMemoryMs = 5_000

/**
 * Starts the server of a node and returns when it accepts connections. Whoever is left of an earlier
 * one is ended first, so never start a node whose server is wanted. The process is detached: it lives
 * on without us. An abort, or an early end, leaves no process.
 *
 * @example
 * const { pid } = await startServer({ binaries, nodeDirectory, address: '127.64.1.1', port: 5432,
 *   memoryMb: 1024, cpus: 2, logFile: '/srv/notes/.banyan/logs/postgres-1.log' })
 */
export async function startServer(options: StartOptions): Promise<{ pid: number }> {
  options.signal?.throwIfAborted()
  const dataDirectory = await wholeDataDirectory(options)
  const account = await accountOf(dataDirectory)
  const binaries = await reachableBinaries(account, options.binaries)
  await proveDirectoryDead(dataDirectory)
  await writeConfiguration(dataDirectory, account, options).catch(async (error) => {
    throw await asDiskFull(error, dataDirectory, diskFullAtStart)
  })
  const deadline = performance.now() + sharedMemoryMs
  while (true) {
    try {
      return await startOnce({ ...options, binaries }, account, dataDirectory)
    } catch (error) {
      if (!isSharedMemoryInUse(error) || performance.now() > deadline) throw error
      await proveDirectoryDead(dataDirectory)
    }
  }
}

/** From launch to the first connection that is let in. */
async function startOnce(
  options: StartOptions,
  account: Account | null,
  dataDirectory: string,
): Promise<{ pid: number }> {
  await rm(join(dataDirectory, 'postmaster.pid'), { force: true })
  const logOffset = await prepareLog(options.logFile)
  const child = await launch(options, account, dataDirectory)
  try {
    await untilAccepting(options, child, dataDirectory, logOffset)
  } catch (error) {
    // The postmaster first: it may not have changed its directory yet, and it brings up the others.
    child.kill('SIGKILL')
    await proveDirectoryDead(dataDirectory)
    throw error
  }
  child.unref()
  return { pid: child.pid as number }
}

async function wholeDataDirectory({ nodeDirectory, binaries }: StartOptions): Promise<string> {
  const { node, dataDirectory } = await locateNode(nodeDirectory)
  const facts = await readClusterFacts(node, dataDirectory)
  if (classifyCluster(facts, binaries.major) === 'whole') return dataDirectory
  throw new BanyanError(
    'BANYAN_DATA_BROKEN',
    `There is no whole cluster in ${dataDirectory} to start.`,
    {
      hint: 'Run "banyan up", which makes it.',
      details: { dataDirectory },
    },
  )
}

/** Returns the length of what the log holds already. */
async function prepareLog(logFile: string): Promise<number> {
  await mkdir(dirname(logFile), { recursive: true })
  return await stat(logFile).then(
    ({ size }) => size,
    () => 0,
  )
}

async function launch(
  { binaries, logFile }: StartOptions,
  account: Account | null,
  dataDirectory: string,
): Promise<ChildProcess> {
  const log = await open(logFile, 'a', 0o600)
  try {
    const child = spawn(join(binaries.binDirectory, 'postgres'), ['-D', dataDirectory], {
      ...identityOf(account),
      cwd: '/',
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    // Without a listener a failed spawn would end this process; `exitCode` and `pid` tell it too.
    child.on('error', () => {})
    return child
  } finally {
    await log.close()
  }
}

/**
 * The status in `postmaster.pid` says that *this* server is up, which an answer on the port does not:
 * another one may hold it. The connection then proves that a client gets in.
 */
async function untilAccepting(
  options: StartOptions,
  child: ChildProcess,
  dataDirectory: string,
  logOffset: number,
): Promise<void> {
  for (let pauseMs = firstLookMs; ; pauseMs = Math.min(longestLookMs, pauseMs * 1.2)) {
    options.signal?.throwIfAborted()
    if (hasEnded(child)) throw await startFailure({ ...options, dataDirectory, logOffset, child })
    const file = await readPostmasterFile(dataDirectory)
    const ready = file?.pid === child.pid && file?.status === 'ready'
    if (ready && (await probe(options)) === 'accepting') return
    await sleep(pauseMs)
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}
