import { createInterface } from 'node:readline'
import { reportOf, type SqlSession } from '@banyan/control/api'
import { paint } from '../paint.ts'
import { describeQueries } from './describe.ts'
import { describeResult } from './print-result.ts'
import { isBlank, splitStatements } from './statements.ts'

const help = `Statements end with ;  and these begin with \\
  \\d         tables, views and sequences
  \\d NAME    columns and indexes of one
  \\dt        tables
  \\q         leave (or Ctrl-D)
`

/** A prompt like psql's: statements over as many lines as they need, `\\d`, `\\q`. */
export async function prompt(session: SqlSession): Promise<void> {
  const reader = createInterface({ input: process.stdin, output: process.stdout, historySize: 500 })
  let text = ''
  const ask = () => {
    reader.setPrompt(promptOf(session, text))
    reader.prompt()
  }
  // Ctrl-C forgets what was typed so far, as in psql.
  reader.on('SIGINT', () => {
    text = ''
    process.stdout.write('\n')
    ask()
  })
  process.stdout.write(`${session.database} as ${session.user}. \\? explains, \\q leaves.\n`)
  ask()
  for await (const line of reader) {
    if (text === '' && line.trim().startsWith('\\')) {
      if (/^\\q\b/.test(line.trim())) break
      await runBackslash(session, line.trim())
    } else {
      text = await runComplete(session, `${text}${line}\n`)
    }
    ask()
  }
  reader.close()
}

function promptOf({ database, transactionStatus }: SqlSession, text: string): string {
  const state = { T: '*', E: '!' }[transactionStatus()] ?? ''
  return `${database}${state}${isBlank(text) ? '=>' : '->'} `
}

async function runBackslash(session: SqlSession, command: string): Promise<void> {
  const queries = describeQueries(command)
  if (queries === null) {
    process.stdout.write(
      command.startsWith('\\?') ? help : `${command} is not known here.\n${help}`,
    )
    return
  }
  for (const query of queries) await runOne(session, query)
}

/** Runs every statement that is complete, and gives back what is not. */
async function runComplete(session: SqlSession, text: string): Promise<string> {
  const { statements, rest } = splitStatements(text)
  for (const statement of statements) await runOne(session, statement)
  return isBlank(rest) ? '' : rest
}

async function runOne(session: SqlSession, statement: string): Promise<void> {
  try {
    for (const result of await session.query(statement))
      process.stdout.write(describeResult(result))
  } catch (error) {
    const { message, hint } = reportOf(error)
    process.stdout.write(`${paint('red', 'ERROR')}: ${message}\n${hint ? `${hint}\n` : ''}`)
  }
}
