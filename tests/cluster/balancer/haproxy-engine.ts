// HAProxy for the tests of balancers: set up, asked and told by what control does it with. Not a test.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GatewayLimits } from '@banyan/gateway'
import type { GatewayFile } from '@banyan/model'
import {
  askHaproxy,
  isHaproxyReady,
  tellHaproxy,
  writeHaproxyFiles,
} from '../../../packages/control/src/engines/haproxy/client.ts'
import { fileNames, haproxyPlaces } from '../../../packages/control/src/engines/haproxy/places.ts'
import { haproxyProgram } from '../../../packages/control/src/engines/haproxy/program.ts'
import type { HaproxySettings } from '../../../packages/control/src/engines/haproxy/settings.ts'
import { workerUser } from '../../../packages/control/src/engines/haproxy/user.ts'
import { onDeath } from '../../../packages/testing/src/watchdog.ts'
import { bind, freePort } from '../gateway-setup.ts'
import { differences } from './differences.ts'
import type { BalancerEngine, BalancerProgram } from './engine.ts'
import { eventually } from './eventually.ts'

const program = await haproxyProgram()

export const haproxyEngine: BalancerEngine = {
  name: 'haproxy',
  missing: program instanceof Error ? program.message : null,
  differs: (difference) => Object.hasOwn(differences, difference),
  start,
  run: (file) => start(file),
}

async function start(
  first: GatewayFile,
  limits: Partial<GatewayLimits> = {},
): Promise<BalancerProgram> {
  if (program instanceof Error) throw program
  const folder = await mkdtemp(join(tmpdir(), 'banyan-haproxy-'))
  const port = await freePort()
  const listen = { host: '127.0.0.1', port: await freePort() }
  const places = haproxyPlaces(folder)
  const settingsOf = (file: GatewayFile): HaproxySettings => ({
    file: { ...file, listen },
    places,
    user: workerUser(),
    isPublic: true,
    limits,
  })
  let settings = settingsOf(first)
  const socket = bind(port)
  const log = join(folder, 'log')
  /** A test that is killed leaves no HAProxy behind. */
  const dogs: { dismiss(): void }[] = []
  let child: ChildProcess
  let ended: Promise<[number | null, NodeJS.Signals | null]>
  const begin = async (): Promise<void> => {
    await writeHaproxyFiles(settings)
    const out = openSync(log, 'a')
    const master = `${places.master},mode,600`
    child = spawn(program.path, ['-W', '-S', master, '-f', fileNames.configuration], {
      cwd: folder,
      env: { PATH: process.env.PATH, LISTEN_FDS: '1' },
      stdio: ['ignore', out, out, socket.fd],
      // A group of its own: what control ends are all the processes of a node.
      detached: true,
    })
    ended = once(child, 'exit') as typeof ended
    dogs.push(onDeath('kill -9 -"$1" 2>/dev/null', String(child.pid)))
    const isUp = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(await readFile(log, 'utf8'))
      return await isHaproxyReady(settings.file)
    }
    await eventually(isUp)
  }
  /** Where the machine is busy a look may get no answer in time. Control looks again, and so does a test. */
  const status = async () => {
    let found = await askHaproxy(places)
    await eventually(async () => {
      found ??= await askHaproxy(places)
      return found !== null
    })
    if (found === null) throw new Error(`HAProxy gives no answer: ${await readFile(log, 'utf8')}`)
    return found
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
  }
  const signalAll = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid as number), signal)
    } catch {
      // All of them have ended.
    }
  }
  await begin()
  await eventually(async () => (await status()).backends.every(({ healthy }) => healthy))
  return {
    get pid() {
      return child.pid as number
    },
    port,
    isReady: () => isHaproxyReady(settings.file),
    // What control stops in order is told so by another signal than its own.
    kill: (signal) => {
      if (signal === 'SIGTERM') child.kill('SIGUSR1')
      else signalAll(signal)
    },
    again: begin,
    ended: async () => {
      const [code, signal] = await ended
      return (code ?? signal) as number
    },
    status,
    tell: async (file) => {
      settings = settingsOf(file)
      if ((await tellHaproxy(settings)) === null) throw new Error('HAProxy did not take the file')
    },
    stop: async () => {
      // Its parent takes no signals in the first moments, and asking twice does no harm.
      const asking = setInterval(() => child.kill('SIGUSR1'), 100)
      await end('SIGUSR1')
      clearInterval(asking)
    },
    [Symbol.asyncDispose]: async () => {
      signalAll('SIGKILL')
      await ended
      for (const dog of dogs) dog.dismiss()
      socket.close()
      await rm(folder, { recursive: true, force: true })
      if (existsSync(places.sockets)) await rm(places.sockets, { recursive: true, force: true })
    },
  }
}
