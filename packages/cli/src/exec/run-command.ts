import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { BanyanError } from '@banyan/model'

/** What can be told to us and is meant for the command. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** A terminal sends these to everybody in its foreground, the command included. */
const fromTerminal: readonly string[] = ['SIGINT', 'SIGQUIT']

/**
 * Runs a command as if we were not there: our input and output are its own, and so are the signals
 * that we get. Returns its exit code, as a shell would say it.
 *
 * @throws BANYAN_COMMAND_NOT_FOUND where there is no such program, or it cannot be run
 */
export async function runCommand(
  [program = '', ...words]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(program, words, { env, stdio: 'inherit' })
  const forward = (signal: NodeJS.Signals) => {
    if (!fromTerminal.includes(signal) || !hasTerminal()) child.kill(signal)
  }
  for (const signal of forwarded) process.on(signal, forward)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(notRun(program, error)))
      child.once('exit', (code, signal) => resolve(codeOf(code, signal)))
    })
  } finally {
    for (const signal of forwarded) process.off(signal, forward)
  }
}

/** Whether we stand in the foreground of one, with the command beside us. */
function hasTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
}

function codeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (signal === null) return code ?? 1
  return 128 + (constants.signals[signal] ?? 0)
}

function notRun(program: string, cause: NodeJS.ErrnoException): BanyanError {
  const missing = cause.code === 'ENOENT'
  return new BanyanError(
    'BANYAN_COMMAND_NOT_FOUND',
    missing
      ? `The program "${program}" was not found in PATH.`
      : `The program "${program}" cannot be run: ${cause.message}.`,
    {
      hint: missing
        ? 'Install it, or correct its name. PATH begins with our Node and the node_modules/.bin of the app.'
        : 'Make it executable (chmod +x), or name its interpreter.',
      details: { program, exitCode: missing ? 127 : 126 },
      cause,
    },
  )
}
