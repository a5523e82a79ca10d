import { BanyanError } from '@banyan/model'
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
  const json = ownWords(words).includes('--json')
  let code = 0
  const usage: string[] = []
  const program = makeProgram((result) => {
    code = result
  }, usage)
  try {
    checkNode(process.versions.node)
    await program.parseAsync([...words], { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      printError(error, json)
      return BanyanError.is(error) && error.code === 'BANYAN_USAGE_INVALID' ? 2 : 1
    }
    // Help and version end that way too.
    if (error.exitCode === 0) return 0
    printUsageError(usage, json)
    return 2
  }
}

/** What follows `--` is meant for the command of `exec`. */
function ownWords(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--')
  return end < 0 ? words : words.slice(0, end)
}

/** The built command may be run by a Node that nobody chose; what it lacks would show much later. */
function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return
  throw new BanyanError(
    'BANYAN_NODE_TOO_OLD',
    `Banyan needs Node 22.18 or newer, and this is Node ${version}.`,
    {
      hint: 'Run "npm install --save-dev node@24" here, or install Node 24 from https://nodejs.org.',
    },
  )
}
