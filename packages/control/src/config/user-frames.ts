import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A place in the user's code: `at loadPlans (src/plans.ts:3:9)`. */
export type Frame = { readonly name: string; readonly path: string; readonly position: string }

/** Code that could not be read: where, and the lines that show it. */
export type SyntaxPlace = {
  readonly path: string
  readonly position: string
  readonly excerpt: string
}

/** The frames of a stack that are the user's own: not Node's, not a package's, not ours. */
export const userFrames = (stack: string, ours: string): readonly Frame[] =>
  [...stack.matchAll(/^ +at (?:(.*) \()?(?:async )?((?:file:\/\/)?\/.*?):(\d+:\d+)\)?$/gm)]
    .map(([, name, path, position]) => ({
      name: name ?? '',
      path: plainPath(path ?? ''),
      position: position ?? '',
    }))
    .filter(({ path }) => !path.includes('/node_modules/') && path !== ours)

/** Finds `/srv/app/banyan.config.ts:3` and the lines below it, as Node shows a syntax error. */
export const syntaxPlace = (text: string): SyntaxPlace | null => {
  const match = /^((?:file:\/\/)?\/.*):(\d+)\n((?:.*\n)*?.*\^.*)$/m.exec(text)
  const [, path, position, excerpt] = match ?? []
  if (path === undefined || position === undefined || excerpt === undefined) return null
  return { path: plainPath(path), position, excerpt }
}

/** `banyan.config.ts:3:9` as seen from the folder of the config. */
export const sayPlace = (file: string, place: { path: string; position: string }): string =>
  `${relative(dirname(file), place.path)}:${place.position}`

const plainPath = (path: string): string => (path.startsWith('file:') ? fileURLToPath(path) : path)
