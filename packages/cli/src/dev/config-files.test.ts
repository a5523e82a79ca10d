import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { configFiles } from './config-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'banyan-config-'))
after(() => rmSync(folder, { recursive: true }))
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

test('a config is made of what it imports, and of what that imports, round in circles too', () => {
  write('banyan.config.ts', "import { tables } from './tables.ts'\nimport x from 'banyan'\n")
  write('tables.ts', "export * from './more.ts'\nimport facts from './facts.json'\n")
  write('more.ts', "import './tables.ts'\nexport const a = await import('./late.ts')\n")
  write('late.ts', '')
  write('facts.json', '{"a": "./web.ts"}')
  write('web.ts', '')
  const found = [...configFiles(join(folder, 'banyan.config.ts'))].map((path) => basename(path))
  assert.deepEqual(found.sort(), [
    'banyan.config.ts',
    'facts.json',
    'late.ts',
    'more.ts',
    'tables.ts',
  ])
})

test('what it names and is not there, or no source, is no part of it', () => {
  write('banyan.config.ts', "export default { migrations: './migrations', a: './gone.ts' }")
  assert.equal(configFiles(join(folder, 'banyan.config.ts')).size, 1)
})
