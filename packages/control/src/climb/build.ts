import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { BanyanError, type Node, type Service } from '@banyan/model'
import { resolveCommand, wholeEnvironment } from '../engines/process/environment.ts'
import { sizeOf } from '../logs/follow.ts'
import { lastLines } from '../logs/tail.ts'
import { localSite } from '../sites/local.ts'
import { logFileOf } from '../state/paths.ts'
import { type Context, runtimeOf } from './context.ts'

const linesShown = 20

/** Runs `build:` of every service of a release, in its snapshot. */
export async function buildRelease(context: Context, signal: AbortSignal): Promise<void> {
  for (const service of context.system.services) {
    if (service.build === null) continue
    const node = context.desired.nodes.find((one) => one.service === service.name)
    if (node === undefined) continue
    say(context, service.name, service.build)
    await build(context, node, service, service.build, signal)
  }
}

function say({ events }: Context, service: string, command: readonly string[]): void {
  events.add({ type: 'progress', sentence: `Building ${service}: ${command.join(' ')}` })
}

/** In `dev`: runs `build:` of a service, once for each control and change. */
export async function buildOnce(context: Context, node: Node, signal: AbortSignal): Promise<void> {
  const service = context.system.services.find(({ name }) => name === node.service)
  if (service?.build == null || context.built.has(service.name)) return
  say(context, service.name, service.build)
  await build(context, node, service, service.build, signal)
  context.built.add(service.name)
}

async function build(
  context: Context,
  node: Node,
  service: Service,
  command: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { system, paths } = context
  const logFile = logFileOf(paths, node.name)
  const { databaseUrl } = runtimeOf(context, system, node.name, service)
  const development = context.settings.mode === 'dev'
  const options = { service, node: node.name, root: system.root, cache: paths.cache, development }
  const mark = { name: 'BANYAN_BUILD', value: `${service.name} in ${system.root}` }
  const env = {
    ...wholeEnvironment({ ...options, listen: null, databaseUrl }, process.env),
    [mark.name]: mark.value,
  }
  // One whose control died goes on: two would write the same files.
  await localSite.kill(null, mark)
  const [program = '', ...words] = resolveCommand(command)
  const logFrom = await sizeOf(logFile)
  const log = await open(logFile, 'a', 0o600)
  try {
    const stdio: ['ignore', number, number] = ['ignore', log.fd, log.fd]
    const child = spawn(program, words, { cwd: system.root, env, stdio, detached: true })
    const stop = () => stopGroup(child.pid)
    signal.addEventListener('abort', stop)
    const how = await new Promise<string | null>((resolve) => {
      child.once('error', ({ message }) => resolve(message))
      child.once('exit', (code, by) => resolve(code === 0 ? null : (by ?? `code ${code}`)))
    })
    signal.removeEventListener('abort', stop)
    signal.throwIfAborted()
    if (how !== null) throw await failed(service.name, command, how, logFile, logFrom)
  } finally {
    await log.close()
  }
}

/** A build starts programs of its own; all of them are in the group that it leads. */
function stopGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

async function failed(
  service: string,
  command: readonly string[],
  how: string,
  logFile: string,
  logFrom: number,
): Promise<BanyanError> {
  const lines = await lastLines(logFile, linesShown, logFrom)
  return new BanyanError(
    'BANYAN_BUILD_FAILED',
    `The build of ${service} failed (${how}): ${command.join(' ')}\n${lines.map((line) => `  ${line}`).join('\n')}`,
    {
      hint: `Run "${command.join(' ')}" in the folder of the config to see it alone. The whole log: ${logFile}`,
      details: { service, lines },
    },
  )
}
