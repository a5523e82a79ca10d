import { openExec } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { runCommand } from '../exec/run-command.ts'
import { paint } from '../paint.ts'
import { printError } from '../print-error.ts'
import type { Common } from '../program.ts'

export type ExecOptions = {
  readonly words: readonly string[]
  readonly fresh: boolean
  readonly wide: boolean
  /** Null: the one with routes. */
  readonly service: string | null
}

/** Runs a command in the environment of a service; its exit code is ours. */
export async function exec(common: Common, options: ExecOptions): Promise<number> {
  const interruption = new AbortController()
  const interrupt = () => interruption.abort(interrupted())
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, interrupt)
  const { words, ...place } = options
  const { signal } = interruption
  const stopListening = () => {
    for (const name of signals) process.off(name, interrupt)
  }
  try {
    const opened = await openExec({ ...common, ...place, signal, onProgress })
    try {
      // From here on they are meant for the command.
      stopListening()
      for (const note of opened.notes) say(note)
      return await runCommand(words, opened.environment)
    } catch (error) {
      if (!BanyanError.is(error) || error.code !== 'BANYAN_COMMAND_NOT_FOUND') throw error
      printError(error, common.json)
      return Number(error.details.exitCode)
    } finally {
      // Nothing may cut this short: it ends what would be left running.
      for (const name of signals) process.on(name, ignore)
      await opened.close()
      for (const name of signals) process.off(name, ignore)
    }
  } finally {
    stopListening()
  }
}

function ignore(): void {}

/** Standard output belongs to the command. */
function onProgress(sentence: string): void {
  if (process.stderr.isTTY) say(sentence)
}

function say(sentence: string): void {
  process.stderr.write(`${paint('dim', sentence, process.stderr)}\n`)
}

function interrupted(): BanyanError {
  return new BanyanError(
    'BANYAN_INTERRUPTED',
    'Interrupted before the command began; what was started is stopped again.',
    { hint: 'Run it again.' },
  )
}
