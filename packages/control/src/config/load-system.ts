import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { BanyanError, resolveSystem, type System } from '@banyan/model'
import { failureOf } from './config-failure.ts'
import { evaluate } from './evaluate.ts'
import { filesOf } from './found-files.ts'

export type LoadOptions = {
  /** How long the config may take, from the start of its process to its value. Default 10,000. */
  deadlineMs?: number
  signal?: AbortSignal
}

const endings = ['.ts', '.mts', '.js', '.mjs']

/**
 * Evaluates a config file in a process of its own and makes a system of what it exports.
 * The process is ended as soon as the value is there, or at the deadline.
 *
 * @throws BANYAN_CONFIG_NOT_FOUND, BANYAN_CONFIG_FAILED, BANYAN_CONFIG_TIMEOUT, and BANYAN_CONFIG_INVALID with every fault.
 */
export const loadSystem = async (
  configPath: string,
  options: LoadOptions = {},
): Promise<System> => {
  const { deadlineMs = 10_000, signal } = options
  const file = await findConfig(configPath)
  const evaluation = await evaluate(file, { deadlineMs, signal })
  if (evaluation.kind !== 'value') throw failureOf(file, evaluation)
  const { value, faults } = evaluation
  const root = dirname(file)
  return resolveSystem(value, { root, source: basename(file), files: filesOf(root), faults })
}

/** The folder is resolved, as Node does with what it imports; a config that is itself a link stays where it is. */
const findConfig = async (configPath: string): Promise<string> => {
  const path = resolve(configPath)
  const found = await stat(path).catch(() => null)
  if (!found) throw await notFound(path, 'There is no config file at')
  if (!found.isFile()) throw await notFound(path, 'There is a folder, not a config file, at')
  if (!endings.includes(extname(path))) throw wrongEnding(path)
  return join(await realpath(dirname(path)), basename(path))
}

const notFound = async (path: string, what: string): Promise<BanyanError> => {
  const folder = what.includes('folder') ? path : dirname(path)
  const near = await readdir(folder).catch(() => [])
  const other = near.find(
    (name) => /^banyan\.config\./.test(name) && endings.includes(extname(name)),
  )
  const hint = other
    ? `Name the one that is there: --config ${join(folder, other)}`
    : 'Make one with: banyan init, or name another with: --config FILE'
  return new BanyanError('BANYAN_CONFIG_NOT_FOUND', `${what} ${path}.`, { hint, details: { path } })
}

const wrongEnding = (path: string): BanyanError =>
  new BanyanError('BANYAN_CONFIG_FAILED', `${path} does not end in ${endings.join(', ')}.`, {
    hint: 'Write the config as TypeScript or JavaScript: banyan.config.ts',
    details: { path },
  })
