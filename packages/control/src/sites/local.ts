import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { BanyanError } from '@banyan/model'
import { freeze, isStopped, send, thaw } from './freeze.ts'
import { identify, isSameProcess, type ProcessIdentity } from './identity.ts'
import { contradicts, listeningPorts, processesWith } from './proc.ts'
import type { Exit, Launch, Site, Started, StopSignal } from './site.ts'

/** This machine's processes. Each is detached, so that it lives on when control dies. */
export const localSite: Site = {
  start,
  isRunning: async (identity) => isSameProcess(identity),
  isOurs,
  stop,
  hangUp: async (identity, mark) => {
    if (identity !== null && (await isOurs(identity, mark))) send(identity.pid, 'SIGHUP')
  },
  strike: async (identity, mark) => await signalAll(identity, mark, 'SIGKILL'),
  pause: async (identity, mark) => await freeze(() => processesOf(identity, mark)),
  resume: async (identity, mark) => await thaw(() => processesOf(identity, mark)),
  isPaused: async (identity) => isSameProcess(identity) && isStopped(identity.pid),
  kill: async (identity, mark) => {
    await signalAll(identity, mark, 'SIGKILL')
    await untilGone(identity, mark, 5_000)
  },
  listeningPorts: async ({ name, value }) => await listeningPorts(await processesWith(name, value)),
}

async function start(launch: Launch): Promise<Started> {
  const [program = '', ...words] = launch.command
  const log = await open(launch.logFile, 'a', 0o600)
  try {
    const { sockets = [], mark } = launch
    const passed = sockets.length === 0 ? {} : { LISTEN_FDS: String(sockets.length) }
    const child = spawn(program, words, {
      cwd: launch.cwd,
      env: { ...launch.environment, ...passed, [mark.name]: mark.value },
      detached: true,
      ...launch.user,
      stdio: ['ignore', log.fd, log.fd, ...sockets],
    })
    const exit = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) => reject(notStarted(program, launch.cwd, error)))
    })
    child.unref()
    const pid = child.pid as number
    // One that has ended already still gets a name, which no other process will ever have.
    return { identity: identify(pid) ?? { pid, startTime: 'ended' }, exit }
  } finally {
    await log.close()
  }
}

function notStarted(program: string, cwd: string, cause: NodeJS.ErrnoException): BanyanError {
  const missing = cause.code === 'ENOENT'
  return new BanyanError(
    'BANYAN_SERVICE_NOT_FOUND',
    missing
      ? `The program "${program}" was not found in PATH, nor from ${cwd}.`
      : `The program "${program}" cannot be run: ${cause.message}.`,
    {
      hint: missing
        ? 'Install it, or correct the command under `run:` in the config.'
        : 'Make it executable (chmod +x), or name its interpreter in `run:`.',
      details: { program, cwd },
      cause,
    },
  )
}

async function isOurs(
  identity: ProcessIdentity | null,
  { name, value }: Launch['mark'],
): Promise<boolean> {
  if (identity === null || !isSameProcess(identity)) return false
  return !(await contradicts(identity.pid, name, value))
}

async function stop(
  identity: ProcessIdentity | null,
  mark: Launch['mark'],
  timeoutMs: number,
  signal: StopSignal = 'SIGTERM',
): Promise<void> {
  await signalAll(identity, mark, signal)
  // One that stands still would hear of it only now.
  await thaw(() => processesOf(identity, mark))
  if (await untilGone(identity, mark, timeoutMs)) return
  await localSite.kill(identity, mark)
}

async function signalAll(
  identity: ProcessIdentity | null,
  mark: Launch['mark'],
  signal: NodeJS.Signals,
): Promise<void> {
  for (const pid of await processesOf(identity, mark)) send(pid, signal)
}

/** Everything that carries the mark, and the process itself where there is no /proc to find it by. */
async function processesOf(
  identity: ProcessIdentity | null,
  mark: Launch['mark'],
): Promise<readonly number[]> {
  const pids = new Set(await processesWith(mark.name, mark.value))
  if (identity !== null && (await isOurs(identity, mark))) pids.add(identity.pid)
  return [...pids]
}

/** Looks at the process often, since that is cheap, and at all of /proc once that one is gone. */
async function untilGone(
  identity: ProcessIdentity | null,
  mark: Launch['mark'],
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  const main = (await isOurs(identity, mark)) ? identity : null
  for (let pauseMs = 5; ; pauseMs = Math.min(100, pauseMs * 1.3)) {
    const mainIsGone = main === null || !isSameProcess(main)
    if (mainIsGone && (await processesWith(mark.name, mark.value)).length === 0) return true
    if (performance.now() > deadline) return false
    await sleep(pauseMs)
  }
}
