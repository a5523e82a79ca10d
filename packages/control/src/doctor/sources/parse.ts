import { SourceMap, stripTypeScriptTypes } from 'node:module'
import { extname } from 'node:path'
import { type Options, type Program, parse } from 'acorn'
import { blankDecorator } from './decorators.ts'
import { makeSource, type Source } from './source.ts'

/** A file as code, or why it could not be understood. */
export type Parsed = { readonly source: Source } | { readonly problem: string }

type Code = { readonly code: string; readonly lineAt: (offset: number) => number }

/** Takes a file apart. Types are blanked out, so that every place stays where it was. */
export function parseSource(path: string, text: string): Parsed {
  try {
    const { code, lineAt } = /^\.[mc]?ts$/.test(extname(path)) ? withoutTypes(text) : plain(text)
    return { source: makeSource(path, text, parseCode(code), lineAt) }
  } catch (error) {
    const jsx = /\.(tsx|jsx)$/.test(path)
    const message = (error as Error).message.split('\n')[0] ?? ''
    return { problem: jsx ? 'it holds JSX' : `it could not be parsed: ${message}` }
  }
}

const plain = (code: string): Code => ({ code, lineAt: linesOf(code) })

/** Where enums and the like have to become code, the places are found by the source map instead. */
function withoutTypes(text: string): Code {
  try {
    return plain(quietly(() => stripTypeScriptTypes(text)))
  } catch {
    const code = quietly(() => stripTypeScriptTypes(text, { mode: 'transform', sourceMap: true }))
    const line = linesOf(code)
    const encoded = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(code)?.[1] ?? ''
    const map = new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')))
    return { code, lineAt: (offset) => originalLine(map, code, offset, line(offset)) }
  }
}

function originalLine(map: SourceMap, code: string, offset: number, line: number): number {
  const column = offset - (code.lastIndexOf('\n', offset - 1) + 1)
  const entry = map.findEntry(line - 1, column)
  return 'originalLine' in entry ? entry.originalLine + 1 : line
}

/** Stripping is marked experimental, and would say so on the screen of whoever asked the doctor. */
function quietly<Result>(work: () => Result): Result {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}

const options: Options = {
  ecmaVersion: 'latest',
  allowHashBang: true,
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
}

const decoratorsMax = 500

function parseCode(text: string): Program {
  let code = text
  for (let blanked = 0; ; blanked++) {
    try {
      return parse(code, { ...options, sourceType: 'module' })
    } catch (error) {
      const { pos = -1 } = error as { pos?: number }
      if (code[pos] === '@' && blanked < decoratorsMax) code = blankDecorator(code, pos)
      // Old scripts may use what modules forbid: `with`, octal numbers, `await` as a name.
      else return parse(code, { ...options, sourceType: 'script' })
    }
  }
}

/** Gives the line of an offset, from 1, by halving. */
function linesOf(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}
