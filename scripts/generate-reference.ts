/**
 * Writes the pages of `docs/reference` that follow from tables in the code: `node scripts/generate-reference.ts`.
 * A test compares them, so that neither side can change alone.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, errorCatalogue, statusOf } from '../packages/model/src/index.ts'

const head = 'Made from the code by `node scripts/generate-reference.ts`; edits here are lost.'

/** The page of error codes, in the order of the alphabet. */
export const errorsPage = (): string => {
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

export const pages: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: 'docs/reference/errors.md', render: errorsPage },
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
