import type { FieldReader } from './field-reader.ts'
import type { FoundFiles } from './found-files.ts'
import { isAbsolutePath, resolvePath } from './paths.ts'

type Wanted = {
  readonly kind: 'folder' | 'file'
  /** A path that would do, for the message. */
  readonly example: string
  /** The command that makes one. */
  readonly make: (path: string) => string
}

/** A folder of the app: a path relative to the config, so that the app can be moved whole. */
export const readFolder = (
  fields: FieldReader,
  key: string,
  root: string,
  files: FoundFiles,
): string | null =>
  readPath(fields, key, root, files, {
    kind: 'folder',
    example: `./${key}`,
    make: (path) => `mkdir -p ${path}`,
  })

/** A file of the app, likewise. */
export const readFile = (
  fields: FieldReader,
  key: string,
  root: string,
  files: FoundFiles,
): string | null =>
  readPath(fields, key, root, files, {
    kind: 'file',
    example: `./${key}.ts`,
    make: (path) => `touch ${path}`,
  })

const readPath = (
  fields: FieldReader,
  key: string,
  root: string,
  files: FoundFiles,
  { kind: wanted, example, make }: Wanted,
): string | null => {
  const expected = `a ${wanted} relative to the config, for example "${example}"`
  const path = fields.text(key, { expected, mend: `write ${key}: '${example}'` })
  if (path === null) return null
  if (isAbsolutePath(path)) {
    fields.fault(key, {
      expected,
      mend: 'write the path from the config file on, beginning with ./',
    })
    return null
  }
  const place = resolvePath(root, path)
  const kind = files.kindOf(place)
  if (kind === wanted || kind === 'unseen') return place
  fields.fault(key, {
    found: kind === 'nothing' ? `nothing at ${place}` : `a ${kind} at ${place}`,
    expected: `a ${wanted} that exists`,
    mend: `make it (${make(path)}) or correct the path`,
  })
  return null
}
