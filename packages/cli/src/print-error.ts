import { reportOf } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import { paint } from './paint.ts'

/** An error as the contract says: one object on stdout with --json, else readable on stderr. */
export function printError(error: unknown, json: boolean): void {
  const report = reportOf(error)
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: report })}\n`)
    return
  }
  const { code, message, hint } = report
  const lines = [`${paint('red', 'Failed:', process.stderr)} ${message}`]
  if (hint) lines.push(hint)
  lines.push(paint('dim', code, process.stderr))
  // A fault of ours is worth its stack; the errors that we expect explain themselves.
  if (!BanyanError.is(error) && error instanceof Error && error.stack) lines.push(error.stack)
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** What commander says about a wrong command line, with the nearest name that exists. */
export function printUsageError(said: readonly string[], json: boolean): void {
  const text = said.join('').trim()
  const message = text.split('\n')[0]?.replace(/^error: /, '') ?? 'The command line is wrong.'
  const suggestion = /\(Did you mean (.*)\?\)/.exec(text)?.[1]
  const hint = suggestion ? `Did you mean ${suggestion}?` : 'See: banyan --help'
  if (json) {
    const error = { code: 'BANYAN_USAGE_INVALID', message, hint, details: {} }
    process.stdout.write(`${JSON.stringify({ error })}\n`)
    return
  }
  process.stderr.write(`${capital(message)}\n${hint}\n`)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
