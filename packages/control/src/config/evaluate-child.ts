/**
 * The program that evaluates one config: `node evaluate-child.ts FILE`, with descriptor 3 for its answer.
 * The user's code runs here, with the user's environment, and may print, exit, throw or never end.
 */
import { statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { copyJsonLike, describeValue, FaultList } from '@banyan/model'
import type { Answer } from './answer.ts'

const say = (answer: Answer): void => {
  let rest = Buffer.from(`${JSON.stringify(answer)}\n`)
  while (rest.length > 0) rest = rest.subarray(writeSync(3, rest))
}

const answerFor = (module: Record<string, unknown>): Answer => {
  const value = module.default
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const exported = Object.keys(module).filter((name) => name !== 'default')
    return { kind: 'nothing', found: describeValue(value), exported }
  }
  const faults = new FaultList()
  const copy = copyJsonLike(value, faults)
  return { kind: 'value', value: copy, faults: faults.all }
}

const answerForThrown = (error: unknown): Answer => {
  if (!(error instanceof Error)) {
    return { kind: 'threw', name: '', message: describeValue(error), code: null, stack: '' }
  }
  const code = 'code' in error ? String(error.code) : null
  const { name, message, stack = '' } = error
  return { kind: 'threw', name, message, code, stack }
}

/** Code that could not even be read has no frames of its own; Node's last words on stderr have its place. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof SyntaxError && !/^ +at .*file:\/\//m.test(error.stack ?? '')

/** Ends with what the config printed before it failed: `process.exit` alone would cut that off. */
const fail = (error: unknown): void => {
  say(answerForThrown(error))
  process.stdout.write('', () => process.stderr.write('', () => process.exit(1)))
}

/** `.env` beside the config; what the environment says already wins. A folder of that name is somebody else's. */
function loadEnvironment(folder: string): void {
  const path = join(folder, '.env')
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) process.loadEnvFile(path)
}

const file = process.argv[2]
if (file === undefined) throw new Error('Which config? node evaluate-child.ts FILE')
// Also what the config starts and does not wait for may throw before its value is there.
process.on('uncaughtException', fail)
try {
  loadEnvironment(dirname(file))
  say(answerFor((await import(pathToFileURL(file).href)) as Record<string, unknown>))
} catch (error) {
  if (isUnreadable(error)) {
    process.off('uncaughtException', fail)
    say(answerForThrown(error))
    throw error
  }
  fail(error)
}
