import { CommanderError } from 'commander'
import { printError, printUsageError } from './print-error.ts'
import { makeProgram } from './program.ts'

/**
 * Runs one command line and returns the exit code: 0 done, 1 failed, 2 wrong usage.
 *
 * @example process.exitCode = await main(['status', '--json'])
 */
export async function main(words: readonly string[]): Promise<number> {
  // A reader that goes away (`banyan logs | head`) ends us quietly, as it ends any other program.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
  })
  const json = words.includes('--json')
  let code = 0
  const usage: string[] = []
  const program = makeProgram((result) => {
    code = result
  }, usage)
  try {
    await program.parseAsync([...words], { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      printError(error, json)
      return 1
    }
    // Help and version end that way too.
    if (error.exitCode === 0) return 0
    printUsageError(usage, json)
    return 2
  }
}
