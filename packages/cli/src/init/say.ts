import type { AdoptedApp } from '@banyan/control/api'
import { paint } from '../paint.ts'
import type { Change } from './change.ts'
import { placeOf } from './refusal.ts'

/** What init found and did, in lines for a person. */
export function sayAdopted(app: AdoptedApp): readonly string[] {
  const kind =
    app.framework === null ? 'an app' : `${articleOf(app.framework)} ${app.framework} app`
  const { run, build, from } = app.start
  const first = build === null ? '' : `"${build}" once per release, then `
  return [
    `${paint('bold', app.name)}: ${kind}, started by ${first}"${run}" (from ${from}).`,
    ...sayDatabase(app),
  ]
}

const articleOf = (name: string): string => (/^[AEIOUaeiou]/.test(name) ? 'an' : 'a')

function sayDatabase({ database, needsDatabase }: AdoptedApp): readonly string[] {
  if (needsDatabase)
    return ['It uses PostgreSQL and nothing says where that is: Banyan runs one for it.']
  if (database === null) return []
  const place = database.line === null ? 'the environment' : `${database.where}:${database.line}`
  return [
    `Its database is what ${database.variable} says (${place}): it is adopted, and nothing is written into it.`,
  ]
}

const verbs = { write: 'wrote', complete: 'completed', append: 'added .banyan/ to' }
const future = { write: 'would write', complete: 'would complete', append: 'would add .banyan/ to' }

export function sayChanges(changes: readonly Change[], dryRun: boolean): readonly string[] {
  const words = dryRun ? future : verbs
  return changes.flatMap(({ path, action, text }) => {
    const line = `  ${words[action]} ${path}`
    if (!dryRun || action === 'append') return [line]
    return [
      line,
      ...text
        .trimEnd()
        .split('\n')
        .map((shown) => paint('dim', `    ${shown}`)),
    ]
  })
}

export function sayWarnings({ warnings }: AdoptedApp): readonly string[] {
  return warnings.flatMap((note) => [
    `${paint('yellow', '!')} ${placeOf(note)}: ${note.what}`,
    `  ${note.mend}`,
  ])
}

/** What to run next, one command or edit each. */
export function sayNext(next: readonly string[]): readonly string[] {
  return next.length === 0 ? [] : ['', 'Next:', ...next.map((one) => `  ${one}`)]
}
