import type { AnyNode } from 'acorn'
import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf, objectOf, propertyOf } from '../look.ts'
import { isTemporary } from '../temporary.ts'

export const uploads: Rule = {
  id: 'local-uploads',
  rungs: ['balanced'],
  severity: 'blocks',
  what: 'Uploads that multer keeps in a folder of the web server.',
  why: 'The other web servers do not have the file, and the next release begins in a folder without it.',
  mend: 'Keep uploads in an object store (S3 and its like) or in PostgreSQL; use multer.memoryStorage() or a temporary folder on the way there.',
  *find({ web }: Facts): Iterable<Found> {
    for (const source of web) {
      for (const { node, imported } of callsOf(source, ['multer'])) {
        const names: Record<string, string> = { default: 'dest', diskStorage: 'destination' }
        const options = objectOf(source, node.arguments[0])
        const key = names[imported.name]
        if (options === null || key === undefined) continue
        const folder: AnyNode | undefined = propertyOf(options, key)
        if (folder === undefined || isTemporary(source, folder)) continue
        const what = 'Uploads are kept in a folder of this web server.'
        yield { file: source.path, line: source.lineOf(node), what }
      }
    }
  },
}
