import { connectSql, inspectStateDirectory, type SqlSession, statePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import type { Common } from '../program.ts'
import { describeQueries } from '../sql/describe.ts'
import { describeResult, jsonOf } from '../sql/print-result.ts'
import { prompt } from '../sql/prompt.ts'
import { isBlank, splitStatements } from '../sql/statements.ts'

export type SqlOptions = {
  readonly query: string | null
  readonly asOwner: boolean
  readonly shard: number
}

/** Asks the database: one query, a prompt at a terminal, or statements from standard input. */
export async function sql({ json, directory }: Common, options: SqlOptions): Promise<number> {
  const paths = statePaths(directory)
  await inspectStateDirectory(paths)
  const session = await connectSql(paths, {
    role: options.asOwner ? 'owner' : null,
    shard: options.shard,
    onNotice: (text) => process.stderr.write(`${text}\n`),
  })
  try {
    if (options.query === null && process.stdin.isTTY && !json) await prompt(session)
    else await runAll(session, options.query ?? (await readStdin()), json)
    return 0
  } finally {
    await session.end()
  }
}

/** One after another, each on its own, and none after one that failed. */
async function runAll(session: SqlSession, text: string, json: boolean): Promise<void> {
  const statements = text.trim().startsWith('\\') ? backslash(text.trim()) : split(text)
  for (const statement of statements) {
    for (const result of await session.query(statement)) {
      process.stdout.write(json ? `${jsonOf(result)}\n` : describeResult(result))
    }
  }
}

function split(text: string): readonly string[] {
  const { statements, rest } = splitStatements(text)
  const all = isBlank(rest) ? statements : [...statements, rest]
  if (all.length > 0) return all
  throw new BanyanError('BANYAN_USAGE_INVALID', 'There is no statement to run.', {
    hint: 'For example: banyan sql "select now()"',
  })
}

function backslash(command: string): readonly string[] {
  const queries = describeQueries(command)
  if (queries !== null) return queries
  throw new BanyanError('BANYAN_USAGE_INVALID', `${command} is not known here.`, {
    hint: 'These are: \\d, \\d NAME, \\dt.',
  })
}

async function readStdin(): Promise<string> {
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin) text += chunk
  return text
}
