import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callsOfMethod } from './look.ts'
import { parseSource } from './parse.ts'

/** The lines on which `listen` is called. */
function linesOf(path: string, text: string): number[] {
  const parsed = parseSource(path, text)
  assert.ok('source' in parsed, 'problem' in parsed ? parsed.problem : '')
  return callsOfMethod(parsed.source, ['listen']).map(({ node }) => parsed.source.lineOf(node))
}

test('types are blanked, and lines stay where they are', () => {
  const text = 'interface A {\n  a: string\n}\nconst port = 1 as number\napp.listen<A>(port)\n'
  assert.deepEqual(linesOf('a.ts', text), [5])
})

test('enums and parameter properties move code, and lines are still those of the file', () => {
  const text =
    'enum Kind {\n  One,\n  Two,\n}\nclass A {\n  constructor(private readonly a: number) {}\n}\n\napp.listen(3000)\n'
  assert.deepEqual(linesOf('a.ts', text), [9])
})

test('decorators are passed over', () => {
  const text =
    "@Module({ imports: [A(')')] })\nexport class App {\n  @Get() find() { this.app.listen(1) }\n}\n"
  assert.deepEqual(linesOf('a.ts', text), [3])
})

test('old scripts are read too', () => {
  assert.deepEqual(linesOf('a.cjs', '#!/usr/bin/env node\nvar a = 010\napp.listen(a)'), [3])
})

test('what cannot be parsed says why', () => {
  assert.deepEqual(parseSource('a.tsx', 'const a = <b>c</b>'), { problem: 'it holds JSX' })
  const parsed = parseSource('a.js', 'const = 1')
  assert.ok('problem' in parsed)
  assert.match(parsed.problem, /could not be parsed: Unexpected token/)
})

test('reading types says nothing on the screen, and leaves warnings as they were', () => {
  const before = process.emitWarning
  parseSource('a.ts', 'const a: number = 1')
  assert.equal(process.emitWarning, before)
})
