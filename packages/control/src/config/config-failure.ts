import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BanyanError } from '@banyan/model'
import type { Evaluation, Thrown } from './answer.ts'
import { sayPlace, syntaxPlace, userFrames } from './user-frames.ts'

type Failed = Exclude<Evaluation, { kind: 'value' }>

/** Makes the error of a config that gave no system. */
export const failureOf = (file: string, evaluation: Failed): BanyanError => {
  const name = basename(file)
  const { output } = evaluation
  switch (evaluation.kind) {
    case 'threw':
      return thrown(file, evaluation, output)
    case 'nothing': {
      const what = evaluation.found === 'nothing' ? 'nothing as its default' : evaluation.found
      return failed(
        file,
        `${name} exports ${what}; a system is expected.`,
        hintForExport(evaluation),
        output,
      )
    }
    case 'too-large':
      return failed(
        file,
        `${name} exports more than ${evaluation.bytesMax} bytes of data.`,
        'Move what is large into files of the app; the config only says what the system is made of.',
        output,
      )
    case 'ended':
      return ended(file, evaluation, output)
    case 'timeout':
      return new BanyanError(
        'BANYAN_CONFIG_TIMEOUT',
        `${name} did not give its system within ${evaluation.deadlineMs} ms.${printed(output)}`,
        {
          hint: 'A config is plain data: look for a loop that does not end, or an await of something slow.',
          details: { file, deadlineMs: evaluation.deadlineMs, output },
        },
      )
  }
}

const failed = (file: string, message: string, hint: string, output: string): BanyanError =>
  new BanyanError('BANYAN_CONFIG_FAILED', `${message}${printed(output)}`, {
    hint,
    details: { file, output },
  })

const printed = (output: string): string => {
  const lines = output.trimEnd().split('\n').slice(-20)
  return lines.join('') === '' ? '' : `\nIt printed:\n  ${lines.join('\n  ')}`
}

const hintForExport = ({ found, exported }: Extract<Failed, { kind: 'nothing' }>): string => {
  const write = 'Write: export default defineSystem({ … })'
  if (found.includes('function')) return `${write}, not a function that makes it.`
  const [only] = exported
  if (only === undefined) return write
  return `${write}. It exports ${exported.join(', ')}; perhaps: export default ${only}`
}

const ended = (
  file: string,
  { code, signal }: Extract<Failed, { kind: 'ended' }>,
  output: string,
): BanyanError => {
  const name = basename(file)
  // Node's own exit code for a top-level await that nothing can settle any more.
  if (code === 13) {
    const hint = 'Look for an await whose promise is never resolved.'
    return failed(file, `${name} awaits something that never happens.`, hint, '')
  }
  const how = signal ? `was ended by ${signal}` : `ended its process with code ${code}`
  const hint = signal
    ? 'Look at what the config does besides naming the system.'
    : 'Remove process.exit from the config and from what it imports.'
  return failed(file, `${name} ${how} before it gave its system.`, hint, output)
}

/** The frames of the program that evaluates the config are not the user's. */
const ours = fileURLToPath(import.meta.url).replace(/config-failure(\.\w+)$/, 'evaluate-child$1')

const thrown = (file: string, error: Thrown, output: string): BanyanError => {
  const frames = userFrames(error.stack, ours)
  const unreadable = error.name === 'SyntaxError' && frames.length === 0
  const syntax = unreadable ? (syntaxPlace(error.stack) ?? syntaxPlace(output)) : null
  const place = syntax ?? frames[0]
  const what = [error.name, error.message].filter(Boolean).join(': ')
  const stack = frames.map(
    (frame) => `\n    at ${frame.name === '' ? '' : `${frame.name} in `}${sayPlace(file, frame)}`,
  )
  const lines = syntax
    ? ` at ${sayPlace(file, syntax)}\n${syntax.excerpt}`
    : `${stack.join('')}${printed(output)}`
  return new BanyanError('BANYAN_CONFIG_FAILED', `${basename(file)} threw ${what}${lines}`, {
    hint: hintForThrown(error),
    details: { file, place: place ? sayPlace(file, place) : null, name: error.name, output },
  })
}

const hintForThrown = ({ code, message }: Thrown): string => {
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Node runs the config by removing its types: write it without enums, namespaces and parameter properties.'
  }
  if (code !== 'ERR_MODULE_NOT_FOUND') return 'Mend the config at the place named above.'
  const name = /package '([^']+)'/.exec(message)?.[1]
  return name
    ? `Install it: npm install ${name}`
    : 'Correct the path of the import; files are imported with their ending, as in plans.ts'
}
