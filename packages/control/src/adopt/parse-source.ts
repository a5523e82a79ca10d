import { stripTypeScriptTypes } from 'node:module'
import { type Node, type Options, parse } from 'acorn'
import { lineAt } from './manifest.ts'

/** A source as a tree, with the way from a node to its line. */
export type Source = {
  readonly path: string
  readonly tree: Node
  readonly lineOf: (node: Node) => number
}

/** Reads a file of JavaScript or TypeScript; null for one that is neither (JSX, a half-written one). */
export function parseSource(path: string, text: string): Source | null {
  const code = /\.[cm]?ts$/.test(path) ? stripQuietly(text) : text
  if (code === null) return null
  for (const sourceType of ['module', 'script'] as const) {
    const tree = tryParse(code, sourceType)
    // Types are replaced by blanks, so that every position is that of the original.
    if (tree !== null) return { path, tree, lineOf: (node) => lineAt(code, node.start) }
  }
  return null
}

function tryParse(code: string, sourceType: 'module' | 'script'): Node | null {
  const options: Options = {
    ecmaVersion: 'latest',
    sourceType,
    allowHashBang: true,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
  }
  try {
    return parse(code, options)
  } catch {
    return null
  }
}

/** Node says once that its own type stripping is experimental; whoever runs a command need not know. */
function stripQuietly(text: string): string | null {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } catch {
    return null
  } finally {
    process.emitWarning = emitWarning
  }
}
