/**
 * Writes the pages of `docs/reference` that follow from tables in the code: `node scripts/generate-reference.ts`.
 * A test compares them, so that neither side can change alone.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ladder } from '../packages/control/src/doctor/ladder.ts'
import type { Rule } from '../packages/control/src/doctor/rule.ts'
import { rules } from '../packages/control/src/doctor/rules.ts'
import { type ErrorCode, errorCatalogue, statusOf } from '../packages/model/src/index.ts'
import { metricsPage } from './metrics-page.ts'
import { stepsPage } from './steps-page.ts'

const head = 'Made from the code by `node scripts/generate-reference.ts`; edits here are lost.'

/** The page of error codes, in the order of the alphabet. */
const errorsPage = (): string => {
  const codes = Object.keys(errorCatalogue).sort() as ErrorCode[]
  const rows = codes.map((code) => {
    const meaning = errorCatalogue[code].replaceAll('|', '\\|')
    return `| <a id="${code}"></a>\`${code}\` | ${meaning} | ${statusOf(code)} |`
  })
  return `# Errors

<!-- ${head} -->

Every error of Banyan is a \`BanyanError\` with a stable \`code\`, a \`message\` that names the culprit and
what was found, a \`hint\` with the command or edit that mends it, and \`details\` for programs. The command
line prints message and hint, and with \`--json\` \`{ "error": { code, message, hint, details } }\`. An app
recognises them with \`BanyanError.is(error)\`. \`statusCode\` is what Fastify, Express and \`serve\` answer with
when a handler lets the error through. A code is never reused for something else.

| code | meaning | HTTP |
|---|---|---|
${rows.join('\n')}
`
}

const ruleSection = ({ id, rungs, severity, what, why, mend }: Rule): string => `### \`${id}\`

*${severity}* for ${rungs.map((rung) => `\`${rung}\``).join(', ')}

${what}

${why}

**Mend.** ${mend}
`

/** The page of the doctor's rules, in the order of the table. */
const doctorPage = (): string => {
  const rows = ladder.map(({ name, needs, adds }) => {
    const about = rules.filter(({ rungs }) => rungs.includes(name))
    const links = about.map(({ id }) => `[${id}](#${id})`).join(', ')
    return `| \`${name}\` | ${needs.join(', ') || '–'} | ${adds} | ${links || '–'} |`
  })
  return `# The rules of \`banyan doctor\`

<!-- ${head} -->

\`blocks\`: with this the rung would break a promise, and \`banyan doctor --rung\` exits with 1. \`advice\`: it
works, and is better otherwise. What a rule cannot see it says nothing about: a finding is meant to be true,
and silence is no proof. How to use it: [the guide](../guide/doctor.md).

## By rung

A rung comes with the rules of those that it needs.

| rung | needs | adds | rules |
|---|---|---|---|
${rows.join('\n')}

## The rules

${rules.map(ruleSection).join('\n')}`
}

export const pages: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: 'docs/reference/errors.md', render: errorsPage },
  { path: 'docs/reference/doctor.md', render: doctorPage },
  { path: 'docs/reference/steps.md', render: () => stepsPage(head) },
  { path: 'docs/reference/metrics.md', render: () => metricsPage(head) },
]

/** What stands on disk now, for the test that compares. */
export const readPage = (path: string): Promise<string> =>
  readFile(new URL(`../${path}`, import.meta.url), 'utf8')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, render } of pages) {
    await writeFile(new URL(`../${path}`, import.meta.url), render())
    console.log(path)
  }
}
