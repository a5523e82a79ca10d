import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBlank, splitStatements } from './statements.ts'

const cases: readonly [string, string, readonly string[], string][] = [
  ['semicolons end statements', 'select 1; select 2;', ['select 1', 'select 2'], ''],
  ['what has no semicolon is the rest', 'select 1; select', ['select 1'], ' select'],
  ['not in strings', "select ';'; select 2", ["select ';'"], ' select 2'],
  ['not in doubled quotes', "select 'a'';b'; x", ["select 'a'';b'"], ' x'],
  ['not in escape strings', "select e'\\';'; x", ["select e'\\';'"], ' x'],
  ['not in names', 'select ";"; x', ['select ";"'], ' x'],
  ['not in line comments', 'select 1 -- ;\n; x', ['select 1 -- ;'], ' x'],
  ['not in block comments', 'select /* ; */ 1; x', ['select /* ; */ 1'], ' x'],
  ['not in dollar quotes', 'do $$ a; b $$; x', ['do $$ a; b $$'], ' x'],
  ['not in tagged dollar quotes', 'do $a$ $$; $$ $a$; x', ['do $a$ $$; $$ $a$'], ' x'],
  ['an open string goes on', "select 'a; b", [], "select 'a; b"],
  ['an open dollar quote goes on', 'do $$ a;', [], 'do $$ a;'],
  ['a dollar inside a name opens nothing', 'select a$b$c; x', ['select a$b$c'], ' x'],
  ['a parameter is no dollar quote', 'select $1; x', ['select $1'], ' x'],
  ['a name that ends in e is no escape string', "select type'a\\'; x", ["select type'a\\'"], ' x'],
  ['empty statements are none', ';; select 1;', ['select 1'], ''],
]

for (const [name, text, statements, rest] of cases) {
  test(name, () => assert.deepEqual(splitStatements(text), { statements, rest }))
}

test('blanks and comments are nothing to run', () => {
  assert.equal(isBlank(' \n -- a comment\n /* another */ '), true)
  assert.equal(isBlank('select 1'), false)
})
