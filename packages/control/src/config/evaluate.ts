import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Answer, Evaluation, Silence } from './answer.ts'
import { OutputTail } from './output-tail.ts'

export type EvaluateOptions = {
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/** A config of a megabyte is a mistake, and every service would keep it in its memory. */
const bytesMax = 1024 * 1024

/** How long the output of an ended config may take to arrive; somebody else may hold its pipes open. */
const outputGraceMs = 250

/** Published code ends in `.js`; the child's file has the ending of this one. */
const program = fileURLToPath(
  new URL(`./evaluate-child${extname(import.meta.url)}`, import.meta.url),
)

/**
 * Evaluates a config in a child with a process group of its own. The value comes over a descriptor of
 * its own, so that the config may print what it likes. Nothing is left running: the group is killed as
 * soon as the value is there, because a config may leave timers, servers and children behind.
 */
export const evaluate = async (
  file: string,
  { deadlineMs, signal }: EvaluateOptions,
): Promise<Evaluation> => {
  signal?.throwIfAborted()
  const deadline = AbortSignal.timeout(deadlineMs)
  const child = start(file)
  const exited = once(child, 'exit')
  const closed = new Promise((resolve) => child.once('close', resolve))
  const stop = () => killGroup(child)
  const reasons = AbortSignal.any(signal ? [signal, deadline] : [deadline])
  reasons.addEventListener('abort', stop)
  const output = new OutputTail([child.stdout, child.stderr] as Readable[])
  try {
    const answer = await answerOf(child, exited)
    // The value needs none of the output; everything else is explained with the last of it.
    if (answer.kind !== 'value') await Promise.race([closed, delay(outputGraceMs)])
    signal?.throwIfAborted()
    const late = deadline.aborted && answer.kind === 'ended'
    return { ...(late ? { kind: 'timeout', deadlineMs } : answer), output: output.text }
  } finally {
    reasons.removeEventListener('abort', stop)
    stop()
    await exited
    for (const stream of child.stdio) stream?.destroy()
  }
}

const start = (file: string): ChildProcess =>
  spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
      program,
      file,
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true },
  )

/** A child that threw ends by itself, and is waited for: the place of a syntax error is in its last words. */
const answerOf = async (
  child: ChildProcess,
  exited: Promise<unknown[]>,
): Promise<Answer | Silence> => {
  // A child that could not be started has no descriptors to read; its exit rejects with the reason.
  if (child.pid === undefined) await exited
  const line = await firstLine(child.stdio[3] as Readable)
  if (line === 'too-large') return { kind: 'too-large', bytesMax }
  const answer = line === null ? null : (JSON.parse(line) as Answer)
  if (answer && answer.kind !== 'threw') return answer
  const [code, signal] = (await exited) as [number | null, string | null]
  return answer ?? { kind: 'ended', code, signal }
}

/** The child's answer; null when it ended without one. */
const firstLine = async (stream: Readable): Promise<string | null> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const newline = chunk.indexOf(10)
    chunks.push(newline < 0 ? chunk : chunk.subarray(0, newline))
    bytes += chunk.length
    if (bytes > bytesMax) return 'too-large'
    if (newline >= 0) return Buffer.concat(chunks).toString()
  }
  return null
}

const killGroup = (child: ChildProcess): void => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
