import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf, isTopLevel, meaningOf } from '../look.ts'
import { isTemporary } from '../temporary.ts'

const modules = ['fs', 'node:fs', 'fs/promises', 'node:fs/promises', 'fs-extra']

const writers = new Set([
  'writeFile',
  'writeFileSync',
  'appendFile',
  'appendFileSync',
  'createWriteStream',
  'outputFile',
  'outputJson',
  'writeJson',
])

export const localFiles: Rule = {
  id: 'local-files',
  rungs: ['balanced'],
  severity: 'advice',
  what: 'A request that writes a file of the web server.',
  why: 'The other web servers do not see the file, and the next release begins in a folder without it.',
  mend: 'Keep what is to be found again in the database or an object store. Files that only pass through belong in os.tmpdir().',
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { node, imported } of callsOf(source, modules)) {
        const [path] = node.arguments
        // `fs.promises.writeFile` is reached by way of `promises`.
        if (path === undefined || !writers.has(imported.name)) continue
        const seen = source.all('CallExpression').find((call) => call.node === node)
        // What is written while the process starts is its own affair.
        if (seen === undefined || isTopLevel(seen.around)) continue
        if (isTemporary(source, path) || isDescriptor(meaningOf(source, path).type)) continue
        yield {
          file: source.path,
          line: source.lineOf(node),
          what: 'It writes a file of this web server.',
        }
      }
    }
  },
}

const isDescriptor = (type: string): boolean => type === 'NewExpression'
