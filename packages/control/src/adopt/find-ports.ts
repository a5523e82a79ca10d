import type { CallExpression, Expression, Identifier, Literal, ObjectExpression } from 'acorn'
import { simple } from 'acorn-walk'
import { parseSource, type Source } from './parse-source.ts'
import type { Note } from './types.ts'

/**
 * Where a source listens on a number that is written down: `app.listen(3000)`, `serve({ port })` of a
 * fixed `port`. What reads the environment, or anything that is not plainly a number, is left alone.
 */
export function findFixedPorts(path: string, text: string): readonly Note[] {
  if (!/\blisten\s*\(|\bserve\s*\(/.test(text)) return []
  const source = parseSource(path, text)
  if (source === null) return []
  const numbers = fixedNumbers(source)
  const notes: Note[] = []
  simple(source.tree, {
    CallExpression: (call) => {
      const port = portOf(call, numbers)
      if (port !== null && port > 0) notes.push(fixedPort(source, call, port))
    },
  })
  return notes
}

/** Constants of the file that are a number, whatever happens. */
function fixedNumbers({ tree }: Source): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>()
  simple(tree, {
    VariableDeclaration: ({ kind, declarations }) => {
      for (const { id, init } of kind === 'const' ? declarations : []) {
        const value = numberOf(init, new Map())
        if (id.type === 'Identifier' && value !== null) numbers.set(id.name, value)
      }
    },
  })
  return numbers
}

function portOf(call: CallExpression, numbers: ReadonlyMap<string, number>): number | null {
  const [first] = call.arguments
  if (first === undefined) return null
  const name = calledName(call)
  if (name === 'listen')
    return first.type === 'ObjectExpression' ? portField(first, numbers) : numberOf(first, numbers)
  return name === 'serve' && first.type === 'ObjectExpression' ? portField(first, numbers) : null
}

function calledName({ callee }: CallExpression): string | null {
  if (callee.type === 'Identifier') return callee.name === 'serve' ? 'serve' : null
  if (callee.type !== 'MemberExpression' || callee.computed) return null
  return (callee.property as Identifier).name
}

function portField({ properties }: ObjectExpression, numbers: ReadonlyMap<string, number>) {
  for (const property of properties) {
    if (property.type !== 'Property' || property.computed) continue
    const { key, value } = property
    const name = key.type === 'Identifier' ? key.name : String((key as Literal).value)
    if (name === 'port') return numberOf(value as Expression, numbers)
  }
  return null
}

function numberOf(
  value: { readonly type: string } | null | undefined,
  numbers: ReadonlyMap<string, number>,
): number | null {
  if (value?.type === 'Literal') {
    const literal = (value as Literal).value
    const text = typeof literal === 'string' ? literal : null
    if (text !== null && /^\d{2,5}$/.test(text)) return Number(text)
    return typeof literal === 'number' ? literal : null
  }
  return value?.type === 'Identifier' ? (numbers.get((value as Identifier).name) ?? null) : null
}

function fixedPort(source: Source, call: CallExpression, port: number): Note {
  return {
    file: source.path,
    line: source.lineOf(call),
    what: `The app listens on port ${port} whatever the environment says; Banyan gives it one in PORT and waits for it there.`,
    mend: `Write process.env.PORT ?? ${port} instead of ${port}.`,
  }
}

/** A port in the start command itself, `next start -p 3000`. */
export function findPortOption(command: string): number | null {
  const found = /\s(?:-p|--port)(?:=|\s+)(\d{2,5})\b/.exec(command)?.[1]
  return found === undefined ? null : Number(found)
}
